"""Exposures: the first time that a learner was shown an arm, by learner, experiment and block."""

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
from xblock_experiments.course_user_segmentation.data import Standing
from xblock_experiments.database.rows import Row, in_pages, insert_if_absent
from xblock_experiments.database.transactions import reports_faults
from xblock_experiments.events import outbox
from xblock_experiments.experiments.data import Exposure
from xblock_experiments.experiments.models import Exposure as _Exposure


@reports_faults
def record_exposure(course_id: str, id: int, user_id: str, usage_id: str) -> bool:
    """Record that a block showed the user an arm, and return whether it was the first time.

    Raises NoSuchSegmentation.
    """
    standing = segmentations.get_standing(course_id, id, user_id)
    return bool(_expose([(standing, usage_id)]))


@reports_faults
def unrecorded(shown: Collection[tuple[Standing, str]]) -> list[tuple[Standing, str]]:
    """Return the arms that the block did not show the user before. One query.

    All must be of one course and one user. Most blocks have been shown before, and need no record
    and no event.
    """
    for _, usage_id in shown:
        segmentations.check_id(usage_id, "block")
    known = _known(shown) if shown else set()
    return [each for each in shown if (each[0].segmentation.id, each[1]) not in known]


@reports_faults
def record_exposures(shown: Collection[tuple[Standing, str]]) -> None:
    """Record which blocks showed one user arms of one course. One query."""
    _expose(shown)


@reports_faults
def get_exposures(course_id: str, id: int) -> Iterator[Exposure]:
    """Stream exposures in the order of recording. Raises NoSuchSegmentation."""
    segmentations.get_versions(course_id, id)
    rows = _Exposure.objects.filter(course_id=course_id, segmentation_number=id)
    return (
        Exposure(user_id=row.user_id, group_id=row.group_id, usage_id=row.usage_id, when=row.when)
        for row in in_pages(rows)
    )


@reports_faults
def count_exposed(course_id: str, id: int) -> dict[str, Counter[int]]:
    """Count the learners who were shown each arm, by usage id, then by group id.

    Raises NoSuchSegmentation.
    """
    segmentations.get_versions(course_id, id)
    rows = _Exposure.objects.filter(course_id=course_id, segmentation_number=id, group_id__gte=0)
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    grouped = rows.order_by().values_list("usage_id", "group_id").annotate(Count("pk"))
    for usage_id, group_id, count in grouped:
        counts[usage_id][group_id] = count
    return dict(counts)


def _known(shown: Collection[tuple[Standing, str]]) -> set[tuple[int, str]]:
    """Return recorded pairs of experiment and block. Uses SQL for the reason given in standings."""
    standing = next(iter(shown))[0]
    usage_ids = [usage_id for _, usage_id in shown]
    sql = f"""
        SELECT segmentation_number, usage_id FROM {_Exposure._meta.db_table}
        WHERE user_id = %s AND course_id = %s
        AND usage_id IN ({", ".join(["%s"] * len(usage_ids))})
    """  # noqa: S608 - of constants and placeholders
    with connections[router.db_for_write(_Exposure)].cursor() as cursor:
        cursor.execute(sql, [standing.user_id, standing.course_id, *usage_ids])
        return set(cursor.fetchall())


def _expose(shown: Collection[tuple[Standing, str]]) -> list[Row]:
    now = timezone.now()
    rows = []
    for standing, usage_id in shown:
        segmentations.check_id(usage_id, "block")
        group = next(iter(standing.groups), None)
        rows.append(
            {
                "course_id": standing.course_id,
                "segmentation_number": standing.segmentation.id,
                "user_id": standing.user_id,
                "usage_id": usage_id,
                "group_id": None if group is None else group.id,
                "when": now,
            }
        )
    rows.sort(key=itemgetter("segmentation_number", "usage_id"))
    standings = {standing.segmentation.id: standing for standing, _ in shown}
    work = partial(_insert, rows, standings)
    return outbox.persist(work, using=router.db_for_write(_Exposure))


def _insert(rows: Sequence[Row], standings: Mapping[int, Standing]) -> list[Row]:
    inserted = insert_if_absent(_Exposure, rows)
    exposed = [_exposed(row, standings[row["segmentation_number"]]) for row in inserted]
    events.emit_all(exposed, using=router.db_for_write(_Exposure))
    return inserted


def _exposed(row: Row, standing: Standing) -> events.UserExposed:
    group_id = row["group_id"]
    return events.UserExposed(
        course_id=row["course_id"],
        user_id=row["user_id"],
        partition_id=row["segmentation_number"],
        partition_name=standing.segmentation.name,
        group_id=group_id,
        group_name=None if group_id is None else standing.segmentation.group(group_id).name,
        usage_id=row["usage_id"],
    )
