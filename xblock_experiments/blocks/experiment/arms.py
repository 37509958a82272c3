"""The arms of an experiment: the mapping between its children and its groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xblock_experiments.course_user_segmentation.data import Group


@dataclass(frozen=True, slots=True)
class Arm:
    """One child and the groups whose learners see it. An arm without groups is inactive."""

    child_id: Any
    groups: tuple[Group, ...]


def arms_of(
    child_ids: Sequence[Any], mapping: Mapping[str, Any], groups: Sequence[Group]
) -> tuple[list[Arm], list[Arm]]:
    """Return the active arms in the groups' order and the inactive arms in the children's order.

    A group that is mapped to none of the children has no arm. Several groups may share an arm.
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
    """Return the groups that have no arm, so that their learners would see nothing."""
    children = {str(child_id) for child_id in child_ids}
    return [group for group in groups if str(mapping.get(str(group.id))) not in children]


def without_stale(child_ids: Sequence[Any], mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return the mapping without entries that point to no child."""
    children = {str(child_id) for child_id in child_ids}
    return {key: child for key, child in mapping.items() if str(child) in children}


def share_of(weight: int, groups: Sequence[Group]) -> int:
    """Return the expected percentage of learners for the weight, rounded to an integer."""
    total = sum(group.weight for group in groups)
    return round(100 * weight / total) if total else 0


def arm_name(group_id: int) -> str:
    """Return the name that Studio gives to a unit that it creates for a group."""
    return f"Group ID {group_id}"


def record_exposure(experiment: Any) -> None:
    """Record that the learner is shown the arm, or a block inside it. Raises NotStored."""
    service = experiment.runtime.service(experiment, "user_segmentation")
    service.record_exposure(experiment.user_partition_id)
