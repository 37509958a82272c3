"""Exposures: the first time that a block showed a learner the arm of a group.

A learner who is moved to another group is exposed again. A learner without a group never is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from operator import itemgetter

from django.db import connections, router
from django.db.models import Count
from django.utils import timezone

from xblock_experiments import events
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.course_user_segmentation.data import Standing, UserSegmentation
from xblock_experiments.database.insertion import Row
from xblock_experiments.database.rows import distinct_in_pages, in_pages
from xblock_experiments.database.times import UtcText
from xblock_experiments.database.transactions import reports_faults
from xblock_experiments.events import outbox
from xblock_experiments.experiments.data import Exposure
from xblock_experiments.experiments.models import NO_GROUP, RetiredExposures
from xblock_experiments.experiments.models import Exposure as _Exposure
from xblock_experiments.retired import api as retired

type _Key = tuple[int, str, int]
"""An experiment's id, a usage id and a group's id."""


@reports_faults
def record_exposure(course_id: str, id: int, user_id: str, usage_id: str) -> bool:
    """Record that a block showed the user the arm of the user's group.

    Return whether it was the first time for this block and group. Records nothing for a user
    without a group. Raises NoSuchSegmentation.
    """
    standing = segmentations.get_standing(course_id, id, user_id)
    segmentations.check_id(usage_id, "block")
    return bool(_expose([(standing, usage_id)]))


@reports_faults
def unrecorded(shown: Collection[tuple[Standing, str]]) -> list[tuple[Standing, str]]:
    """Return the arms that the block did not show the user before, each once. One query.

    All must be of one course and one user. Most blocks have been shown before, and need no record
    and no event.
    """
    _check(shown)
    keys = {_key(standing, usage_id): (standing, usage_id) for standing, usage_id in shown}
    known = _known(shown) if shown else set()
    return [each for key, each in keys.items() if key not in known]


@reports_faults
def record_exposures(shown: Collection[tuple[Standing, str]]) -> None:
    """Record which blocks showed one user arms of one course. One query."""
    _check(shown)
    _expose(shown)


@reports_faults
def get_exposures(course_id: str, id: int) -> Iterator[Exposure]:
    """Stream exposures in the order of recording. Raises NoSuchSegmentation."""
    segmentations.get_versions(course_id, id)
    rows = _Exposure.objects.filter(course_id=course_id, segmentation_number=id)
    return map(_exposure, in_pages(rows))


@reports_faults
def get_exposures_of(
    course_id: str, user_ids: Sequence[str]
) -> dict[str, list[tuple[int, Exposure]]]:
    """Return exposures by user id, each with its experiment's id, in the order of recording.

    One query.
    """
    rows = _Exposure.objects.filter(course_id=course_id, user_id__in=user_ids)
    exposures: dict[str, list[tuple[int, Exposure]]] = defaultdict(list)
    for row in rows.order_by("pk"):
        exposures[row.user_id].append((row.segmentation_number, _exposure(row)))
    return exposures


@reports_faults
def get_first_exposures_of(
    course_id: str, user_ids: Sequence[str]
) -> dict[str, dict[int, tuple[str, str]]]:
    """Return when and at which block users were first exposed, by user id, then by experiment id.

    One query. The times are texts in UTC, and the tuples plain, because a report has many of them.
    """
    rows = _Exposure.objects.filter(course_id=course_id, user_id__in=user_ids)
    first: dict[str, dict[int, tuple[str, str]]] = defaultdict(dict)
    columns = ("user_id", "segmentation_number", UtcText("when"), "usage_id")
    shown = rows.exclude(group_id=NO_GROUP).order_by("pk").values_list(*columns)
    for user_id, id, when, usage_id in shown:
        first[user_id].setdefault(id, (when, usage_id))
    return first


@reports_faults
def get_user_ids(course_id: str) -> Iterator[str]:
    """Yield the ids of users with an exposure in the course, each once, in order."""
    return distinct_in_pages([_Exposure.objects.filter(course_id=course_id)], "user_id")


@reports_faults
def count_exposed(course_id: str, id: int) -> dict[str, Counter[int]]:
    """Count the learners who were shown each arm, by usage id, then by group id.

    Includes retired learners. Raises NoSuchSegmentation.
    """
    segmentations.get_versions(course_id, id)
    of_experiment = {"course_id": course_id, "segmentation_number": id}
    rows = _Exposure.objects.filter(**of_experiment).exclude(group_id=NO_GROUP).order_by()
    present = rows.values_list("usage_id", "group_id").annotate(Count("pk"))
    gone = RetiredExposures.objects.filter(**of_experiment)
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    grouped = present.union(gone.values_list("usage_id", "group_id", "count"), all=True)
    for usage_id, group_id, count in grouped:
        counts[usage_id][group_id] += count
    return dict(counts)


def _exposure(row: _Exposure) -> Exposure:
    return Exposure(
        user_id=row.user_id,
        group_id=None if row.group_id == NO_GROUP else row.group_id,
        usage_id=row.usage_id,
        when=row.when,
    )


def _key(standing: Standing, usage_id: str) -> _Key:
    group = next(iter(standing.groups), None)
    return standing.segmentation.id, usage_id, NO_GROUP if group is None else group.id


def _known(shown: Collection[tuple[Standing, str]]) -> set[_Key]:
    """Return recorded exposures of the blocks. Uses SQL for the reason given in standings."""
    standing = next(iter(shown))[0]
    usage_ids = [usage_id for _, usage_id in shown]
    sql = f"""
        SELECT segmentation_number, usage_id, group_id FROM {_Exposure._meta.db_table}
        WHERE user_id = %s AND course_id = %s
        AND usage_id IN ({", ".join(["%s"] * len(usage_ids))})
    """  # noqa: S608 - of constants and placeholders
    with connections[router.db_for_write(_Exposure)].cursor() as cursor:
        cursor.execute(sql, [standing.user_id, standing.course_id, *usage_ids])
        return set(cursor.fetchall())


def _check(shown: Collection[tuple[Standing, str]]) -> None:
    """Raise InvalidId for a usage id that cannot be stored."""
    for _, usage_id in shown:
        segmentations.check_id(usage_id, "block")


def _expose(shown: Collection[tuple[Standing, str]]) -> list[Row]:
    """Insert the exposures of users who have a group, and return the rows of new ones."""
    now = timezone.now()
    exposed = {
        _key(standing, usage_id): (standing, usage_id)
        for standing, usage_id in shown
        if standing.groups
    }
    if not exposed:
        return []
    rows = [
        {
            "course_id": standing.course_id,
            "segmentation_number": standing.segmentation.id,
            "user_id": standing.user_id,
            "usage_id": usage_id,
            "group_id": standing.groups[0].id,
            "when": now,
        }
        for standing, usage_id in exposed.values()
    ]
    rows.sort(key=_key_of)
    experiments = {key: each.segmentation for key, (each, _) in exposed.items()}
    work = partial(_insert, rows, experiments)
    return outbox.persist(work, using=router.db_for_write(_Exposure))


def _insert(rows: Sequence[Row], shown: Mapping[_Key, UserSegmentation]) -> list[Row]:
    inserted = retired.insert(_Exposure, rows)
    exposed = [_exposed(row, shown[_key_of(row)]) for row in inserted]
    events.emit_all(exposed, using=router.db_for_write(_Exposure))
    return inserted


_key_of = itemgetter("segmentation_number", "usage_id", "group_id")
"""The key of a row. Rows of one user and course are sorted by it, in the constraint's order."""


def _exposed(row: Row, segmentation: UserSegmentation) -> events.UserExposed:
    return events.UserExposed(
        course_id=row["course_id"],
        user_id=row["user_id"],
        partition_id=segmentation.id,
        partition_name=segmentation.name,
        group_id=row["group_id"],
        group_name=segmentation.group(row["group_id"]).name,
        usage_id=row["usage_id"],
    )
