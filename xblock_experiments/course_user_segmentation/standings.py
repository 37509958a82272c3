"""Users' standings in segmentations, which each page reads in one query.

The queries are plain SQL that all supported databases accept. Django's ORM took longer to compile
the equivalent query on each call than the database takes to answer it: see
docs/reference/performance.rst.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from django.db import connections, router

from xblock_experiments.course_user_segmentation.checks import check_id, no_such
from xblock_experiments.course_user_segmentation.data import Standing, UserSegmentation, is_type
from xblock_experiments.course_user_segmentation.models import (
    Membership,
    Segmentation,
    SegmentationVersion,
)
from xblock_experiments.course_user_segmentation.segmentations import loads, using
from xblock_experiments.course_user_segmentation.types import EXPERIMENT
from xblock_experiments.database.sql import placeholders
from xblock_experiments.database.transactions import reading_latest_commits, reports_faults
from xblock_experiments.keys.ids import is_id

_SEGMENTATION = Segmentation._meta.db_table
_MEMBERSHIP = Membership._meta.db_table
_KEPT = f"""
    (NOT s.removed OR EXISTS (
        SELECT 1 FROM {_MEMBERSHIP} anybody WHERE anybody.segmentation_id = s.id
    ))
"""  # noqa: S608 - of constants
"""Selects the segmentations in a course's list, and removed ones that still have members."""
_with_removed: set[str] = set()
"""The courses in which this process has met removed segmentations.

Only their queries ask for members: PostgreSQL plans that condition for as long as it executes the
whole query.
"""

type _Row = tuple[Any, ...]


@reports_faults
def get_standing(course_id: str, id: int, user_id: str, *, type: str = EXPERIMENT) -> Standing:
    """Return the user's standing. Raises NoSuchSegmentation."""
    (standing,) = get_standings_of(course_id, id, [user_id], type=type)
    return standing


def get_standing_to_change(course_id: str, id: int, user_id: str, *, type: str) -> Standing:
    """Return the user's standing from the database for writes. Raises NoSuchSegmentation."""
    standings = _in_course(course_id, type, [id], [user_id], using())
    if not standings:
        raise no_such(course_id, id, type)
    return standings[0]


@reports_faults
def get_standings(
    course_id: str, ids: Iterable[int], user_id: str, *, type: str = EXPERIMENT
) -> dict[int, Standing]:
    """Return standings by segmentation id. Omits ids that the course does not have. One query."""
    standings = _in_course(course_id, type, list(ids), [user_id], _for_reading())
    return {standing.segmentation.id: standing for standing in standings}


@reports_faults
def get_all_standings(course_id: str, user_id: str) -> tuple[Standing, ...]:
    """Return the user's standing in each segmentation, in course order. One query."""
    check_id(course_id, "course")
    return tuple(_in_list(course_id, "", [], [user_id], _for_reading()))


@reports_faults
def get_standings_of(
    course_id: str, id: int, user_ids: Sequence[str], *, type: str = EXPERIMENT
) -> list[Standing]:
    """Return many users' standings, in the users' order. One query. Raises NoSuchSegmentation."""
    standings = _in_course(course_id, type, [id], user_ids, _for_reading())
    if not standings:
        raise no_such(course_id, id, type)
    return standings


def get_groups_of(course_id: str, user_ids: Sequence[str]) -> dict[str, dict[str, list[int]]]:
    """Return groups by user id, then by `<type>.<segmentation id>`. One query."""
    are_they, parameters = _among(user_ids, using())
    sql = f"""
        SELECT mine.user_id, s.type, s.number, s.definition, mine.group_id
        FROM {_MEMBERSHIP} mine JOIN {_SEGMENTATION} s ON s.id = mine.segmentation_id
        WHERE s.course_id = %s AND NOT s.removed AND mine.user_id {are_they}
        ORDER BY mine.group_id
    """  # noqa: S608 - of constants and placeholders
    groups: dict[str, dict[str, list[int]]] = defaultdict(dict)
    with connections[using()].cursor() as cursor:
        cursor.execute(sql, [course_id, *parameters])
        for user_id, type_, number, definition, group_id in cursor:
            segmentation = loads(definition, removed=False)
            if segmentation.active and group_id in {each.id for each in segmentation.groups}:
                groups[user_id].setdefault(f"{type_}.{number}", []).append(group_id)
    return groups


def read_again(standings: Sequence[Standing]) -> list[Standing]:
    """Return the standings as of now, even if this transaction has an older snapshot. One query."""
    if not standings:
        return []
    with reading_latest_commits(using()):
        return _read_again(standings)


def read_winners(standings: Sequence[Standing]) -> list[Standing]:
    """Return the standings of users whom another process has just assigned.

    Each standing has the version of the segmentation that the other process had read. So all
    processes that raced to assign a user return the same group, even if it was removed in between.
    """
    if not standings:
        return []
    with reading_latest_commits(using()):
        found = _read_again(standings)
        entered = _versions_of_entry(found)
        definitions = _definitions(entered.values())
    return [
        dataclasses.replace(standing, segmentation=definitions[entered[_place(standing)]])
        if _place(standing) in entered
        else standing
        for standing in found
    ]


def _for_reading() -> str:
    return router.db_for_read(Membership)


def _in_course(
    course_id: str, type: str, ids: Sequence[int], user_ids: Sequence[str], database: str
) -> list[Standing]:
    check_id(course_id, "course")
    numbers = list(filter(is_id, ids)) if is_type(type) else []
    if not numbers:
        return []
    which = f"AND s.type = %s AND s.number IN {placeholders(numbers)}"
    return _in_list(course_id, which, [type, *numbers], user_ids, database)


def _in_list(
    course_id: str, which: str, parameters: Sequence[Any], user_ids: Sequence[str], database: str
) -> list[Standing]:
    """Return standings in the segmentations that the course has."""
    where = f"s.course_id = %s {which}"
    if course_id not in _with_removed:
        rows = _rows(where, [course_id, *parameters], user_ids, database)
        if not any(removed for removed, *_ in rows):
            return _standings(rows, user_ids)
        _with_removed.add(course_id)
    rows = _rows(f"{where} AND {_KEPT}", [course_id, *parameters], user_ids, database)
    return _standings(rows, user_ids)


def _read_again(standings: Sequence[Standing]) -> list[Standing]:
    row_ids = {standing.row_id for standing in standings}
    user_ids = sorted({standing.user_id for standing in standings})
    rows = _rows(f"s.id IN {placeholders(row_ids)}", [*row_ids], user_ids, using())
    found = _standings(rows, user_ids)
    wanted = {_place(standing) for standing in standings}
    return [standing for standing in found if _place(standing) in wanted]


def _rows(
    where: str, parameters: Sequence[Any], user_ids: Sequence[str], database: str
) -> list[_Row]:
    """Return segmentations joined with the users' memberships, in the order of the list."""
    for user_id in user_ids:
        check_id(user_id, "user")
    are_they, users = _among(user_ids, database)
    sql = f"""
        SELECT s.removed, s.position, s.id, s.course_id, s.definition, s.version,
            mine.user_id, mine.group_id
        FROM {_SEGMENTATION} s
        LEFT JOIN {_MEMBERSHIP} mine
            ON mine.segmentation_id = s.id AND mine.user_id {are_they}
        WHERE {where}
    """  # noqa: S608 - of constants and placeholders
    with connections[database].cursor() as cursor:
        cursor.execute(sql, [*users, *parameters])
        return sorted(cursor.fetchall(), key=itemgetter(0, 1, 2))


def _standings(rows: Iterable[_Row], user_ids: Sequence[str]) -> list[Standing]:
    """Return each user's standing in each segmentation of the rows, in their order."""
    segmentations: dict[int, tuple[str, UserSegmentation, int]] = {}
    group_ids: dict[tuple[int, str], set[int]] = defaultdict(set)
    for removed, _, row_id, course_id, definition, version, user_id, group_id in rows:
        if row_id not in segmentations:
            segmentations[row_id] = course_id, loads(definition, removed=removed), version
        if user_id is not None:
            group_ids[row_id, user_id].add(group_id)
    return [
        Standing(
            course_id=course_id,
            user_id=user_id,
            segmentation=segmentation,
            version=version,
            group_ids=frozenset(group_ids.get((row_id, user_id), ())),
            row_id=row_id,
        )
        for row_id, (course_id, segmentation, version) in segmentations.items()
        for user_id in user_ids
    ]


def _among(values: Sequence[str], database: str) -> tuple[str, list[Any]]:
    """Return the SQL that tests whether a column is one of the values, and its parameters.

    psycopg parses each placeholder in Python, so PostgreSQL receives many values as an array.
    """
    if len(values) > 1 and connections[database].vendor == "postgresql":
        return "= ANY(%s)", [list(values)]
    return f"IN {placeholders(values)}", list(values)


def _versions_of_entry(standings: Sequence[Standing]) -> dict[tuple[int, str], tuple[int, int]]:
    """Return the row id and version under which each member entered, by row id and user id."""
    memberships = Membership.objects.using(using()).filter(
        segmentation__in={standing.row_id for standing in standings},
        user_id__in={standing.user_id for standing in standings},
    )
    entries = memberships.values_list("segmentation_id", "user_id", "version")
    return {(row_id, user_id): (row_id, version) for row_id, user_id, version in entries}


def _definitions(keys: Iterable[tuple[int, int]]) -> dict[tuple[int, int], UserSegmentation]:
    """Return segmentations by row id and version."""
    row_ids, versions = {row_id for row_id, _ in keys}, {version for _, version in keys}
    rows = SegmentationVersion.objects.using(using()).filter(
        segmentation__in=row_ids, version__in=versions
    )
    return {
        (row.segmentation_id, row.version): loads(row.definition, removed=row.removed)
        for row in rows
    }


def _place(standing: Standing) -> tuple[int, str]:
    return standing.row_id, standing.user_id
