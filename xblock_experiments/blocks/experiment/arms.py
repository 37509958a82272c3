"""The arms of an experiment: which child is which group's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xblock_experiments.course_user_segmentation.data import Group


@dataclass(frozen=True, slots=True)
class Arm:
    """One child, with the groups whose learners see it. Without any it is inactive."""

    child_id: Any
    groups: tuple[Group, ...]


def arms_of(
    child_ids: Sequence[Any], mapping: Mapping[str, Any], groups: Sequence[Group]
) -> tuple[list[Arm], list[Arm]]:
    """The active arms, in the order of the groups, and the inactive ones, in that of the children.

    A group without a child among these has no arm. Several groups may share one.
    """
    by_text = {str(child_id): child_id for child_id in child_ids}
    seen_by: dict[str, list[Group]] = {}
    for group in groups:
        child = str(mapping.get(str(group.id)))
        if child in by_text:
            seen_by.setdefault(child, []).append(group)
    active = [Arm(by_text[child], tuple(found)) for child, found in seen_by.items()]
    inactive = [Arm(child_id, ()) for child_id in child_ids if str(child_id) not in seen_by]
    return active, inactive


def without_arm(
    child_ids: Sequence[Any], mapping: Mapping[str, Any], groups: Sequence[Group]
) -> list[Group]:
    """The groups whose learners would see nothing."""
    children = {str(child_id) for child_id in child_ids}
    return [group for group in groups if str(mapping.get(str(group.id))) not in children]


def without_stale(child_ids: Sequence[Any], mapping: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping without what leads to no child."""
    children = {str(child_id) for child_id in child_ids}
    return {key: child for key, child in mapping.items() if str(child) in children}


def share_of(weight: int, groups: Sequence[Group]) -> int:
    """Of the learners who come, in per cent."""
    total = sum(group.weight for group in groups)
    return round(100 * weight / total) if total else 0


def arm_name(group_id: int) -> str:
    """What Studio calls a unit that it makes for a group."""
    return f"Group ID {group_id}"
