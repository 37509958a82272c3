"""Restrictions that authors give to content, and that the workbench does not enforce."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from xblock_experiments.olx.values import is_true, value_of


def unenforced(node: etree._Element) -> Iterator[str]:
    """Yield the names of the attributes that would keep learners from the element's block."""
    for name, restricts in _RESTRICTIONS.items():
        if name in node.attrib and restricts(str(node.attrib[name])):
            yield name


def _has_items(attribute: str) -> bool:
    return bool(value_of(attribute))


def _names_groups(attribute: str) -> bool:
    """Return whether learners must be in a group. A segmentation without groups is for all."""
    value = value_of(attribute)
    return any(value.values()) if isinstance(value, dict) else bool(value)


def _is_future(attribute: str) -> bool:
    date = _date(value_of(attribute))
    return date is not None and date > datetime.now(UTC)


def _date(value: Any) -> datetime | None:
    try:
        date = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


_FLAGS = (
    "entrance_exam_enabled",
    "hide_after_due",
    "hide_from_toc",
    "is_entrance_exam",
    "is_onboarding_exam",
    "is_practice_exam",
    "is_proctored_enabled",
    "is_time_limited",
    "visible_to_staff_only",
)

_RESTRICTIONS: Mapping[str, Callable[[str], bool]] = {
    "group_access": _names_groups,
    "pre_requisite_courses": _has_items,
    "start": _is_future,
    **dict.fromkeys(_FLAGS, is_true),
}
"""The attributes that restrict content, with a function that returns whether a value does so."""
