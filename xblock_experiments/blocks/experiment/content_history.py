"""The table of changes to an experiment's content after learners had joined, for staff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.utils.translation import gettext_noop

from xblock_experiments.experiments.data import ContentChangeKind, PastContentChange
from xblock_experiments.people import is_staff

_TEXTS: Mapping[ContentChangeKind, str] = {
    "edited": gettext_noop("Content edited"),
    "replaced": gettext_noop("“{new}” instead of “{old}”"),
    "lost": gettext_noop("Nothing instead of “{old}”"),
    "gained": gettext_noop("“{new}” instead of nothing"),
    "deselected": gettext_noop("Other group configuration selected"),
    "removed": gettext_noop("Experiment removed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownChange:
    """One row of the table of changes."""

    when: str
    timestamp: str
    who: str
    group: str
    text: str
    assigned: int
    exposed: int


def content_history(block: Any) -> list[ShownChange]:
    """Return the changes, newest first. Empty for users who are not staff."""
    staff = block.runtime.service(block, "segmentation_staff")
    if staff is None or not is_staff(block):
        return []
    return [_shown(past, block) for past in reversed(staff.content_changes())]


def _shown(past: PastContentChange, block: Any) -> ShownChange:
    change = past.change
    when = past.when.astimezone(UTC)
    return ShownChange(
        # Django's filter for dates would convert the time to the server's time zone.
        when=f"{when:%Y-%m-%d %H:%M} UTC",
        timestamp=when.isoformat(),
        who=past.who,
        group=change.group_name,
        text=block.gettext(_TEXTS[change.kind]).format(old=change.old, new=change.new),
        assigned=change.assigned,
        exposed=change.exposed,
    )
