"""Rows of the platform become memberships and tags, a batch at a time."""

from __future__ import annotations

from collections.abc import Sequence

from xblock_experiments import events
from xblock_experiments.course_user_segmentation.api import using
from xblock_experiments.ids import flaw_of
from xblock_experiments.platform.data import (
    Batch,
    Entered,
    Fate,
    Judged,
    Placement,
    Row,
    fits,
    is_of_partition,
    placement_of,
)
from xblock_experiments.platform.memberships import place
from xblock_experiments.transactions import reports_faults
from xblock_experiments.user_tags.api import insert_tags


@reports_faults
def import_batch(rows: Sequence[Row]) -> Batch:
    """Of rows of which no two are of one tag. The same again changes nothing."""
    judged: list[Judged] = []
    placements: list[Placement] = []
    tags: list[Row] = []
    for row in rows:
        if any(map(flaw_of, (row.user_id, row.course_id, row.key))):
            judged.append((row, Fate.BAD_ID))
        elif is_of_partition(row.key):
            if placement := placement_of(row):
                placements.append(placement)
            else:
                judged.append((row, Fate.NO_NUMBER))
        elif fits(row.value):
            tags.append(row)
        else:
            judged.append((row, Fate.TOO_LONG))
    placed, entered = place(placements)
    return Batch(last_id=rows[-1].id, judged=[*judged, *placed, *_store(tags)], entered=entered)


@reports_faults
def announce(entered: Entered) -> None:
    """One event for each experiment, in place of one for each learner."""
    imported = [
        events.ListImported(
            course_id=course_id,
            user_id=None,
            partition_id=segmentation.id,
            partition_name=segmentation.name,
            partition_type=segmentation.type,
            source="user course tags",
            entered=count,
        )
        for (course_id, segmentation), count in entered.items()
    ]
    events.emit_all(imported, using=using())


def _store(rows: Sequence[Row]) -> list[Judged]:
    there = insert_tags({(row.user_id, row.course_id, row.key): row.value for row in rows})
    judged = []
    for row in rows:
        name = row.user_id, row.course_id, row.key
        if name not in there:
            judged.append((row, Fate.STORED))
        else:
            judged.append((row, Fate.THERE if there[name] == row.value else Fate.OTHER_VALUE))
    return judged
