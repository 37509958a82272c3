"""The problems of an experiment as its pages display them, each with an action that fixes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xblock_experiments.blocks.base.structure import page_url
from xblock_experiments.blocks.experiment.setup import course_of
from xblock_experiments.blocks.experiment.validation import EDIT_CONFIGURATION, ExperimentMessage
from xblock_experiments.people import is_staff


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """One message. Its action is a link or a handler to call."""

    is_error: bool
    text: str
    label: str | None
    url: str | None
    handler: str | None


def shown_messages(block: Any) -> list[ShownMessage]:
    return [_shown(block, message) for message in block.validate_split_test()]


def _shown(block: Any, message: ExperimentMessage) -> ShownMessage:
    _ = block.gettext
    labels = {"author_view": _("View group content")}
    is_handled = message.action_runtime_event == "add-missing-groups" and is_staff(block)
    return ShownMessage(
        is_error=message.is_error,
        text=message.text,
        label=message.action_label or labels.get(message.view, _("Edit experiment")),
        url=None if is_handled else _page_with_fix(block, message),
        handler="add_missing_groups" if is_handled else None,
    )


def _page_with_fix(block: Any, message: ExperimentMessage) -> str | None:
    place = course_of(block) if message.action_class == EDIT_CONFIGURATION else block
    return page_url(block, message.view, shown=place)
