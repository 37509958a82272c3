"""The author's view of an experiment: its arms, its problems, and the actions that fix them."""

from __future__ import annotations

from typing import Any

from web_fragments.fragment import Fragment

from xblock_experiments.blocks.base.rendering import render
from xblock_experiments.blocks.base.revision import arm_revision
from xblock_experiments.blocks.base.structure import page_url
from xblock_experiments.blocks.experiment.arm_cards import ArmCard, cards_of
from xblock_experiments.blocks.experiment.content_history import content_history
from xblock_experiments.blocks.experiment.setup import course_of, read_experiment
from xblock_experiments.blocks.experiment.shown_messages import shown_messages


def author_view(block: Any, context: Any) -> Fragment:
    """Render all arms on the experiment's own page, or one line inside another block's page."""
    fragment = Fragment()
    experiment = read_experiment(block)
    context = {"root_xblock": block, **(context or {})}
    is_whole_page = context["root_xblock"] is block
    cards = cards_of(block, experiment) if is_whole_page else []
    fragment.content = render(
        "author_view.html",
        {
            "active": [_shown(block, each, fragment, context) for each in cards if each.is_active],
            "configurations_url": page_url(block, "studio_view", shown=course_of(block)),
            "edit_url": page_url(block, "studio_view"),
            "experiment": experiment,
            "history": content_history(block) if is_whole_page else [],
            "inactive": [
                _shown(block, each, fragment, context) for each in cards if not each.is_active
            ],
            "is_whole_page": is_whole_page,
            "key": block.scope_ids.usage_id,
            "messages": shown_messages(block),
            "own_url": page_url(block, "author_view"),
            "title": block.shown_name,
        },
        block,
    )
    block.add_files(fragment, "staff.css", "faults.js", "messages.js", "author_view.js")
    fragment.initialize_js("XBlockExperimentsAuthorView")
    return fragment


def _shown(block: Any, card: ArmCard, fragment: Fragment, context: Any) -> dict[str, Any]:
    child = block.runtime.get_block(card.child_id, block)
    return {
        "card": card,
        "content": block.render_child(child, fragment, context),
        "revision": arm_revision(child),
        "edit_url": page_url(block, "studio_view", shown=child)
        if hasattr(child, "studio_view")
        else None,
    }
