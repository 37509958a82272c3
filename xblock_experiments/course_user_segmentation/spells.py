"""Users' groups over time: since when they were in each group, and until when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import batched
from typing import Any, NamedTuple

from django.db.models import QuerySet

from xblock_experiments.course_user_segmentation.checks import check_id
from xblock_experiments.course_user_segmentation.data import (
    GroupsOverTime,
    Spell,
    UserSegmentation,
)
from xblock_experiments.course_user_segmentation.models import (
    Membership,
    PastChange,
    Segmentation,
    SegmentationVersion,
)
from xblock_experiments.course_user_segmentation.segmentations import loads, using
from xblock_experiments.course_user_segmentation.types import EXPERIMENT
from xblock_experiments.database.rows import AT_ONCE

type _Group = tuple[int, int]
"""The ids of a segmentation and of a group."""
type _Numbers = Mapping[int, int]
"""The ids of segmentations by their row ids."""


class _Step(NamedTuple):
    """One change of a user's group in a segmentation."""

    segmentation_id: int
    from_group_id: int | None
    to_group_id: int | None
    when: datetime


def get_groups_over_time(
    course_id: str, user_ids: Iterable[str]
) -> Iterator[tuple[str, GroupsOverTime]]:
    """Yield each user's id and groups, in the users' order.

    Makes one query for the course, and up to three for 1,000 users.
    """
    check_id(course_id, "course")
    rows = list(Segmentation.objects.using(using()).filter(course_id=course_id))
    numbers = {row.pk: row.number for row in rows}
    course = [loads(row.definition, removed=row.removed) for row in rows]
    for batch in batched(user_ids, AT_ONCE):
        yield from _of_batch(numbers, course, batch)


def _of_batch(
    numbers: _Numbers, course: Sequence[UserSegmentation], user_ids: Sequence[str]
) -> Iterator[tuple[str, GroupsOverTime]]:
    present = {group for segmentation in course for group in _groups_of(segmentation)}
    assigning = frozenset(each.id for each in course if each.type == EXPERIMENT and each.active)
    last = _steps(numbers, Membership, "group_id", "since", user_ids)
    past = _steps(numbers, PastChange, "to_group_id", "when", user_ids)
    stale = {id for id, steps in last.items() if not present.issuperset(map(_entered, steps))}
    changed = {id: [*past.get(id, ()), *last.get(id, ())] for id in stale | past.keys()}
    removals = _removals(numbers, {step.segmentation_id for s in changed.values() for step in s})
    for user_id in user_ids:
        now: dict[int, frozenset[int]] = defaultdict(frozenset)
        for id, group_id in present.intersection(map(_entered, last.get(user_id, ()))):
            now[id] |= {group_id}
        spells = tuple(_spells(changed.get(user_id, ()), removals, present))
        left = {spell.segmentation_id for spell in spells} - now.keys()
        yield user_id, GroupsOverTime(dict(now), assigning & left, spells)


def _steps(
    numbers: _Numbers, model: type[Any], to: str, when: str, user_ids: Sequence[str]
) -> dict[str, list[_Step]]:
    """Return the users' steps in a table, by user id."""
    rows: QuerySet[Any] = model.objects.using(using()).filter(
        segmentation__in=list(numbers), user_id__in=user_ids
    )
    steps: dict[str, list[_Step]] = defaultdict(list)
    for user_id, row_id, *step in rows.values_list(
        "user_id", "segmentation_id", "from_group_id", to, when
    ):
        steps[user_id].append(_Step(numbers[row_id], *step))
    return steps


def _removals(numbers: _Numbers, ids: set[int]) -> dict[_Group, list[datetime]]:
    """Return the times at which each group of these segmentations was removed, in order."""
    if not ids:
        return {}
    rows = SegmentationVersion.objects.using(using()).filter(
        segmentation__in=[row_id for row_id, id in numbers.items() if id in ids]
    )
    removals: dict[_Group, list[datetime]] = defaultdict(list)
    before: dict[int, set[_Group]] = defaultdict(set)
    for version in rows.order_by("segmentation", "version"):
        groups = _groups_of(loads(version.definition, removed=version.removed))
        for group in before[version.segmentation_id] - groups:
            removals[group].append(version.created)
        before[version.segmentation_id] = groups
    return removals


def _spells(
    steps: Iterable[_Step], removals: Mapping[_Group, Sequence[datetime]], present: set[_Group]
) -> Iterator[Spell]:
    """Yield the spells that these steps of one user make, in the order in which they began."""
    since: dict[_Group, datetime] = {}
    until: list[tuple[_Group, datetime, datetime | None]] = []
    for step in sorted(steps, key=lambda step: step.when):
        if step.from_group_id is not None:
            left = (step.segmentation_id, step.from_group_id)
            until.append((left, since.pop(left, step.when), step.when))
        if step.to_group_id is not None:
            since[_entered(step)] = step.when
    until += [(group, when, None) for group, when in since.items()]
    for group, begin, end in sorted(until, key=lambda spell: spell[1]):
        if end or group not in present:
            times = removals.get(group, ())
            removed = next((when for when in times if when >= begin), None)
            if end is None and removed is None and times:
                # Another process entered the group while it was being removed.
                removed = begin
            end = min(filter(None, (end, removed)), default=None)
        yield Spell(*group, begin, end)


def _groups_of(segmentation: UserSegmentation) -> set[_Group]:
    """Return the groups that users can be in."""
    groups = segmentation.groups if segmentation.active else ()
    return {(segmentation.id, group.id) for group in groups}


def _entered(step: _Step) -> _Group:
    assert step.to_group_id is not None  # noqa: S101 - a membership is in a group
    return step.segmentation_id, step.to_group_id
