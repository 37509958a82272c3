"""The state of one experiment: its author's settings, compared with the course's segmentations.

Reads only. Uses nothing but the block's fields and its runtime's services.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xblock_experiments.blocks.base.structure import ancestors
from xblock_experiments.blocks.experiment.arms import Arm, arms_of, without_arm
from xblock_experiments.course_user_segmentation.data import (
    Group,
    UserSegmentation,
    read_user_partitions,
)
from xblock_experiments.course_user_segmentation.types import EXPERIMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """The facts about an experiment that authors and staff see, and that validation checks."""

    is_configured: bool
    segmentation: UserSegmentation | None
    """The segmentation with the experiment's id, of any type, or None if the course has none."""
    is_supported: bool
    """Indicates whether the segmentation's type is `experiment`."""
    is_listed: bool
    """Indicates whether the course still lists the segmentation.

    A segmentation that the course no longer lists is stored for its members only.
    """
    active: Sequence[Arm]
    inactive: Sequence[Arm]
    missing: Sequence[Group]
    """The groups without an arm."""
    given: Sequence[Group]
    """The groups that can reach this experiment, if it is nested in an experiment with the same
    segmentation; otherwise empty.
    """

    @property
    def groups(self) -> tuple[Group, ...]:
        return self.segmentation.groups if self.segmentation and self.is_supported else ()


def read_experiment(block: Any) -> Experiment:
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
    """Return the block's topmost ancestor, or the block itself if it has no parent."""
    *_, top = block, *ancestors(block)
    return top


def _segmentation_of(block: Any) -> UserSegmentation | None:
    """Return the experiment with the block's id, or else a segmentation of another type."""
    every = block.runtime.service(block, "user_segmentation").segmentations()
    found = [each for each in every if each.id == block.user_partition_id]
    return min(found, key=lambda each: each.type != EXPERIMENT, default=None)


def _is_listed(block: Any) -> bool:
    """Return whether the course lists the segmentation. Returns True outside a course."""
    listed = getattr(course_of(block), "user_partitions", None)
    if listed is None:
        return True
    segmentations, _ = read_user_partitions(listed)
    return any(each.id == block.user_partition_id for each in segmentations)


def _given_groups(block: Any, groups: Sequence[Group]) -> list[Group]:
    given: list[Group] = []
    child = block
    for parent in ancestors(block):
        if getattr(parent, "user_partition_id", None) == block.user_partition_id:
            child_id, mapping = str(child.scope_ids.usage_id), parent.group_id_to_child
            given += [each for each in groups if str(mapping.get(str(each.id))) == child_id]
        child = parent
    return given
