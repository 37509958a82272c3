"""Users' groups over time: the groups that they are in now, and since when they were in others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from itertools import batched

from xblock_experiments.course_user_segmentation.checks import check_id
from xblock_experiments.course_user_segmentation.data import (
    Assignment,
    GroupsOverTime,
    Spell,
    UserSegmentation,
)
from xblock_experiments.course_user_segmentation.models import Segmentation, SegmentationVersion
from xblock_experiments.course_user_segmentation.segmentations import loads, using
from xblock_experiments.course_user_segmentation.spells import RowGroup, RowSpell, spells_of
from xblock_experiments.course_user_segmentation.steps import (
    USER_ID,
    Row,
    Step,
    latest_and_past,
)
from xblock_experiments.course_user_segmentation.types import EXPERIMENT
from xblock_experiments.database.rows import AT_ONCE


def get_groups_over_time(
    course_id: str, user_ids: Iterable[str]
) -> Iterator[tuple[str, GroupsOverTime]]:
    """Yield each user's id and groups, in the users' order.

    Makes up to two queries for the course, and two for 1,000 users.
    """
    course = OverTime(course_id)
    for batch in batched(user_ids, AT_ONCE):
        yield from course.groups_of(batch)


def get_spells(course_id: str, user_id: str) -> tuple[Spell, ...]:
    """Return all spells of the user in the order in which they began, also if none has ended."""
    return OverTime(course_id).spells_of(user_id)


class OverTime:
    """The groups of a course's users over time. Reads what they share once."""

    def __init__(self, course_id: str) -> None:
        check_id(course_id, "course")
        rows = list(Segmentation.objects.using(using()).filter(course_id=course_id))
        course = {row.pk: loads(row.definition, removed=row.removed) for row in rows}
        self._numbers = {row.pk: row.number for row in rows}
        self._types = {row.pk: row.type for row in rows}
        self._experiments = {row.pk: row.number for row in rows if row.type == EXPERIMENT}
        assigning = {
            row_id: each.id
            for row_id, each in course.items()
            if each.type == EXPERIMENT and each.active
        }
        self._assigning = frozenset(assigning.values())
        self._assigning_rows = assigning.keys()
        self._present: dict[RowGroup, tuple[int, frozenset[int]]] = {
            group: (segmentation.id, frozenset({group[1]}))
            for row_id, segmentation in course.items()
            for group in _groups_of(row_id, segmentation)
        }
        """The groups that users can be in, with the segmentation's id. Users share the sets."""

    def groups_of(self, user_ids: Sequence[str]) -> Iterator[tuple[str, GroupsOverTime]]:
        """Yield each user's id and groups, in the users' order. Two queries."""
        latest, past = self._rows(user_ids)
        for user_id in user_ids:
            yield user_id, self._groups(latest.get(user_id, ()), past.get(user_id, ()))

    def spells_of(self, user_id: str) -> tuple[Spell, ...]:
        latest, past = self._rows([user_id])
        return self._spells([*past.get(user_id, ()), *latest.get(user_id, ())])

    def _rows(self, user_ids: Sequence[str]) -> tuple[_RowsOf, _RowsOf]:
        """Return the rows of the users' latest and past steps, each by user id."""
        latest, past = latest_and_past(self._numbers, user_ids)
        return _by_user(latest), _by_user(past)

    def _groups(self, latest: Sequence[Row], past: Sequence[Row]) -> GroupsOverTime:
        now: dict[int, frozenset[int]] = {}
        assigned: dict[int, Assignment] = {}
        has_left = bool(past)
        for since, group_id, row_id, *_, version in latest:
            if row_id in self._experiments:
                assigned[self._experiments[row_id]] = (group_id, since, version)
            if found := self._present.get((row_id, group_id)):
                id, group_ids = found
                now[id] = now[id] | group_ids if id in now else group_ids
            else:
                has_left = True
        spells = self._spells([*past, *latest]) if has_left else ()
        left = {spell.segmentation_id for spell in spells} - now.keys()
        return GroupsOverTime(now, self._assigning & left, spells, assigned)

    def _spells(self, rows: Iterable[Row]) -> tuple[Spell, ...]:
        steps = [Step(*row) for row in rows]
        return tuple(map(self._spell, spells_of(steps, self._removals, self._present)))

    def _spell(self, spell: RowSpell) -> Spell:
        row_id, group_id = spell.group
        return Spell(
            self._numbers[row_id],
            self._types[row_id],
            group_id,
            spell.since,
            spell.until,
            self._replaced_until(row_id, spell.until),
        )

    def _replaced_until(self, row_id: int, until: datetime | None) -> datetime | None:
        if row_id in self._assigning_rows:
            return None
        return self._closed.get(row_id, until) if row_id in self._experiments and until else until

    @cached_property
    def _closed(self) -> Mapping[int, datetime]:
        """The times at which segmentations were removed: the last removal of one of the groups."""
        closed: dict[int, datetime] = {}
        for (row_id, _), times in self._removals.items():
            closed[row_id] = max(times[-1], closed.get(row_id, times[-1]))
        return closed

    @cached_property
    def _removals(self) -> Mapping[RowGroup, Sequence[datetime]]:
        """The times at which each group of the course was removed, in order. One query."""
        rows = SegmentationVersion.objects.using(using()).filter(
            segmentation__in=list(self._numbers)
        )
        removals: dict[RowGroup, list[datetime]] = defaultdict(list)
        before: dict[int, set[RowGroup]] = defaultdict(set)
        for version in rows.order_by("segmentation", "version"):
            row_id = version.segmentation_id
            groups = _groups_of(row_id, loads(version.definition, removed=version.removed))
            for group in before[row_id] - groups:
                removals[group].append(version.created)
            before[row_id] = groups
        return removals


type _RowsOf = Mapping[str, Sequence[Row]]
"""The rows of users, by user id."""


def _by_user(rows: Iterable[Row]) -> _RowsOf:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[USER_ID]].append(row)
    return found


def _groups_of(row_id: int, segmentation: UserSegmentation) -> set[RowGroup]:
    """Return the groups that users can be in."""
    groups = segmentation.groups if segmentation.active else ()
    return {(row_id, group.id) for group in groups}
