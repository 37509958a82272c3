"""A look at one experiment: what its author made of it, and what the course has for it.

Reads only. Works on the block through its fields and its runtime's services.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xblock_experiments.blocks.experiment.arms import Arm, arms_of, without_arm
from xblock_experiments.course_user_segmentation.data import (
    EXPERIMENT,
    Group,
    UserSegmentation,
    read_user_partitions,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """What authors and staff are told of an experiment, and what is checked of it."""

    is_configured: bool
    segmentation: UserSegmentation | None
    """None where the course has none of the id, of whatever type."""
    is_supported: bool
    """Whether the segmentation is of the type for experiments."""
    is_listed: bool
    """Whether the course's list has the segmentation: if not, it is kept for its members only."""
    active: Sequence[Arm]
    inactive: Sequence[Arm]
    missing: Sequence[Group]
    """The groups that have no arm."""
    given: Sequence[Group]
    """Whose arms of outer experiments with the same segmentation it stands in; mostly none."""

    @property
    def groups(self) -> tuple[Group, ...]:
        return self.segmentation.groups if self.segmentation and self.is_supported else ()


def look_at(block: Any) -> Experiment:
    found = _segmentation_of(block)
    is_supported = found is not None and found.type == EXPERIMENT
    groups = found.groups if found and is_supported else ()
    mapping = block.group_id_to_child
    active, inactive = arms_of(block.children, mapping, groups)
    return Experiment(
        is_configured=block.user_partition_id >= 0,
        segmentation=found,
        is_supported=is_supported,
        is_listed=_is_listed(block),
        active=active,
        inactive=inactive,
        missing=without_arm(block.children, mapping, groups),
        given=_given_groups(block, groups),
    )


def course_of(block: Any) -> Any:
    """The block at the top of what this one stands in; itself, where it stands in nothing."""
    parent = block.get_parent()
    while parent is not None:
        block, parent = parent, parent.get_parent()
    return block


def _segmentation_of(block: Any) -> UserSegmentation | None:
    """The experiment of its id, else what else the course has of that id."""
    every = block.runtime.service(block, "user_segmentation").segmentations()
    found = [each for each in every if each.id == block.user_partition_id]
    return min(found, key=lambda each: each.type != EXPERIMENT, default=None)


def _is_listed(block: Any) -> bool:
    """True outside a course."""
    listed = getattr(course_of(block), "user_partitions", None)
    if listed is None:
        return True
    segmentations, _ = read_user_partitions(listed)
    return any(each.id == block.user_partition_id for each in segmentations)


def _given_groups(block: Any, groups: Sequence[Group]) -> list[Group]:
    given: list[Group] = []
    child, parent = block, block.get_parent()
    while parent is not None:
        if getattr(parent, "user_partition_id", None) == block.user_partition_id:
            child_id, mapping = str(child.scope_ids.usage_id), parent.group_id_to_child
            given += [each for each in groups if str(mapping.get(str(each.id))) == child_id]
        child, parent = parent, parent.get_parent()
    return given
