"""The author's editor of an experiment: its name, its segmentation, and the groups of its arms.

Saving follows Studio's rules: each group of a newly selected segmentation gets its own new child,
children are never deleted, and mappings to missing children are removed.
"""

from __future__ import annotations

from typing import Any

from web_fragments.fragment import Fragment

from xblock_experiments.blocks.base.navigation import title_of
from xblock_experiments.blocks.base.rendering import render
from xblock_experiments.blocks.base.structure import page_url
from xblock_experiments.blocks.experiment.arms import share_of
from xblock_experiments.blocks.experiment.edits import _revision
from xblock_experiments.blocks.experiment.setup import course_of
from xblock_experiments.blocks.experiment.shown_messages import shown_messages
from xblock_experiments.course_user_segmentation.data import NOT_SELECTED, UserSegmentation
from xblock_experiments.course_user_segmentation.types import EXPERIMENT


def studio_view(block: Any) -> Fragment:
    fragment = Fragment()
    usable = _usable(block)
    fragment.content = render(
        "editor.html",
        {
            "choices": [_choice(block, each) for each in usable],
            "configurations_url": page_url(block, "studio_view", shown=course_of(block)),
            "done_url": page_url(block, "author_view"),
            "is_selected": any(each.id == block.user_partition_id for each in usable),
            "key": block.scope_ids.usage_id,
            "messages": shown_messages(block),
            "name": block.display_name,
            "not_selected": NOT_SELECTED,
            "revision": _revision(block),
            "title": block.shown_name,
        },
        block,
    )
    block.add_files(
        fragment, "forms.css", "drafts.js", "faults.js", "forms.js", "consequences.js", "editor.js"
    )
    fragment.initialize_js("XBlockExperimentsEditor")
    return fragment


def _usable(block: Any) -> list[UserSegmentation]:
    """Return the active experiments, in course order."""
    experiments = block.runtime.service(block, "user_segmentation").segmentations(EXPERIMENT)
    return [each for each in experiments if each.active]


def _choice(block: Any, segmentation: UserSegmentation) -> dict[str, Any]:
    """Return the form's data for one segmentation: its groups and the children to choose from."""
    is_present = segmentation.id == block.user_partition_id
    children = {str(child.scope_ids.usage_id): title_of(child) for child in block.get_children()}
    return {
        "id": segmentation.id,
        "is_selected": is_present,
        "name": segmentation.name,
        "groups": [
            {
                "id": group.id,
                "name": group.name,
                "weight": group.weight,
                "share": share_of(group.weight, segmentation.groups),
                "children": [
                    {
                        "id": child_id,
                        "title": title or child_id,
                        "is_selected": is_present
                        and str(block.group_id_to_child.get(str(group.id))) == child_id,
                    }
                    for child_id, title in children.items()
                ],
            }
            for group in segmentation.groups
        ],
    }
