"""The cards that describe each arm to staff and authors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xblock_experiments.blocks.base.navigation import title_of
from xblock_experiments.blocks.experiment.arms import Arm, share_of
from xblock_experiments.blocks.experiment.setup import Experiment
from xblock_experiments.people import is_staff


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmCard:
    """The data that a page displays for one arm."""

    child_id: Any
    name: str
    """The names of the arm's groups; for an inactive arm, its child's title."""
    is_active: bool
    is_own: bool
    """Marks the arm that the current staff user would see as a learner."""
    weight: int | None
    """The sum of the groups' weights, or None for an inactive arm."""
    share: int | None
    """The expected percentage of assigned learners, or None for an inactive arm."""
    assigned: int | None
    """The number of learners assigned, or None if the current user may not see counts."""
    exposed: int | None


def cards_of(block: Any, experiment: Experiment) -> list[ArmCard]:
    """Return the cards of the active arms, followed by those of the inactive arms."""
    counts = _Counts.of(block, experiment)
    active = [_active(arm, experiment, counts) for arm in experiment.active]
    return [*active, *(_inactive(block, arm) for arm in experiment.inactive)]


@dataclass(frozen=True, slots=True)
class _Counts:
    """Numbers of learners by group id, and the current user's own group."""

    assigned: dict[int, int] | None
    exposed: dict[int, int] | None
    own_group_id: int | None

    @classmethod
    def of(cls, block: Any, experiment: Experiment) -> _Counts:
        staff = block.runtime.service(block, "segmentation_staff")
        segmentation = experiment.segmentation
        if staff is None or segmentation is None or not experiment.groups or not is_staff(block):
            return cls(None, None, None)
        own = staff.own_group(segmentation.id)
        return cls(
            assigned=staff.assigned(segmentation.id),
            exposed=staff.exposed(segmentation.id),
            own_group_id=own.id if own else None,
        )


def _active(arm: Arm, experiment: Experiment, counts: _Counts) -> ArmCard:
    weight = sum(group.weight for group in arm.groups)
    return ArmCard(
        child_id=arm.child_id,
        name=", ".join(group.name for group in arm.groups),
        is_active=True,
        is_own=counts.own_group_id in {group.id for group in arm.groups},
        weight=weight,
        share=share_of(weight, experiment.groups),
        assigned=_sum(counts.assigned, arm),
        exposed=_sum(counts.exposed, arm),
    )


def _inactive(block: Any, arm: Arm) -> ArmCard:
    return ArmCard(
        child_id=arm.child_id,
        name=title_of(block.runtime.get_block(arm.child_id, block)),
        is_active=False,
        is_own=False,
        weight=None,
        share=None,
        assigned=None,
        exposed=None,
    )


def _sum(counts: dict[int, int] | None, arm: Arm) -> int | None:
    return None if counts is None else sum(counts.get(group.id, 0) for group in arm.groups)
