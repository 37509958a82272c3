"""What is wrong with an experiment, as its pages show it, with what mends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xblock_experiments.blocks.validation import ERROR, ExperimentMessage
from xblock_experiments.people import is_staff


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """One message. Its action is a link, or a handler to be called."""

    is_error: bool
    text: str
    label: str | None
    url: str | None
    handler: str | None


def shown_messages(block: Any) -> list[ShownMessage]:
    return [_shown(block, message) for message in block.validate_split_test()]


def _shown(block: Any, message: ExperimentMessage) -> ShownMessage:
    pages = block.runtime.service(block, "pages")
    handler = None
    if message.action_runtime_event == "add-missing-groups" and is_staff(block):
        handler = "add_missing_groups"
    is_link = handler is None and pages is not None
    return ShownMessage(
        is_error=message.type == ERROR,
        text=message.text,
        label=message.action_label or block.gettext("Edit the experiment"),
        url=pages.url(block, "studio_view") if is_link else None,
        handler=handler,
    )
