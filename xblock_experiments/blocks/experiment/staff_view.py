"""The staff view of an experiment on a learner's page: every arm, one at a time. Assigns nobody."""

from __future__ import annotations

from typing import Any

from web_fragments.fragment import Fragment

from xblock_experiments.blocks.base.rendering import render
from xblock_experiments.blocks.experiment.arm_cards import ArmCard, cards_of
from xblock_experiments.blocks.experiment.content_history import content_history
from xblock_experiments.blocks.experiment.setup import read_experiment
from xblock_experiments.blocks.experiment.shown_messages import shown_messages
from xblock_experiments.course_user_segmentation.types import label_of


def staff_view(block: Any, context: Any) -> Fragment:
    fragment = Fragment()
    experiment = read_experiment(block)
    segmentation = experiment.segmentation
    cards = cards_of(block, experiment)
    fragment.content = render(
        "staff_view.html",
        {
            "arms": [_shown(block, card, fragment, context) for card in cards],
            "experiment": experiment,
            "history": content_history(block),
            "key": block.scope_ids.usage_id,
            "messages": shown_messages(block),
            "own": next((card for card in cards if card.is_own), None),
            "title": block.shown_name,
            "type_label": segmentation and label_of(segmentation.type, block.gettext),
        },
        block,
    )
    block.add_files(fragment, "staff.css", "faults.js", "messages.js", "staff_view.js")
    fragment.initialize_js("XBlockExperimentsStaffView")
    return fragment


def _shown(block: Any, card: ArmCard, fragment: Fragment, context: Any) -> dict[str, Any]:
    child = block.runtime.get_block(card.child_id, block)
    return {"card": card, "content": block.render_child(child, fragment, context)}
