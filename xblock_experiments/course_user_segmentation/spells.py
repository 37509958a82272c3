"""The times that a user was in a group, computed from the user's moves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from xblock_experiments.course_user_segmentation.steps import Step

type RowGroup = tuple[int, int]
"""The row id of a segmentation, and the id of one of its groups.

Two segmentations of a course can have had the same id, one after the other, with different types.
"""


class RowSpell(NamedTuple):
    """The time that a user was in a group."""

    group: RowGroup
    since: datetime
    until: datetime | None


def spells_of(
    steps: Iterable[Step],
    removals: Mapping[RowGroup, Sequence[datetime]],
    present: Collection[RowGroup],
) -> list[RowSpell]:
    """Return the spells that these steps of one user make, in the order in which they began.

    A spell also ends when the group is removed. `removals` has the times of it in order, and
    `present` the groups that users can be in now.
    """
    return [
        RowSpell(group, since, _end(since, until, removals.get(group, ()), group in present))
        for group, since, until in sorted(_stays(steps), key=attrgetter("since"))
    ]


def _stays(steps: Iterable[Step]) -> Iterator[RowSpell]:
    """Yield the times between entering a group and leaving it, as users were moved."""
    since: dict[RowGroup, datetime] = {}
    for step in sorted(steps, key=attrgetter("when")):
        if step.from_group_id is not None:
            left = (step.row_id, step.from_group_id)
            yield RowSpell(left, since.pop(left, step.when), step.when)
        if step.to_group_id is not None:
            since[step.row_id, step.to_group_id] = step.when
    for group, when in since.items():
        yield RowSpell(group, when, None)


def _end(
    since: datetime, until: datetime | None, removals: Sequence[datetime], is_present: bool
) -> datetime | None:
    if until is None and is_present:
        return None
    removed = next((when for when in removals if when >= since), None)
    if until is None and removed is None and removals:
        # Another process entered the group while it was being removed.
        return since
    return min(filter(None, (until, removed)), default=None)
