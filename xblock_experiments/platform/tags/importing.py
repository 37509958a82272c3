"""The import of the platform's rows as memberships and tags, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence

from xblock_experiments.database.transactions import reports_faults
from xblock_experiments.keys.ids import flaw_of
from xblock_experiments.keys.partitions import is_of_partition
from xblock_experiments.platform.tags.data import (
    Batch,
    Fate,
    Judged,
    Placement,
    Row,
    flaw_of_value,
    placement_of,
    rounds,
)
from xblock_experiments.platform.tags.memberships import place
from xblock_experiments.retired.api import retired_among
from xblock_experiments.user_tags.api import insert_tags


@reports_faults
def import_batch(rows: Sequence[Row]) -> Batch:
    """Import the rows, without those of retired users. Importing them again changes nothing."""
    gone = retired_among({row.user_id for row in rows})
    kept = [row for row in rows if row.user_id not in gone]
    judged = [(row, Fate.RETIRED) for row in rows if row.user_id in gone]
    judged += [one for some in rounds(kept) for one in _import(some)]
    return Batch(last_id=rows[-1].id, judged=judged)


def _import(rows: Sequence[Row]) -> list[Judged]:
    """Import rows that are all of different tags."""
    judged: list[Judged] = []
    placements: list[Placement] = []
    tags: list[Row] = []
    for row in rows:
        if flaw := _flaw_of(row):
            judged.append((row, flaw))
        elif not is_of_partition(row.key):
            tags.append(row)
        elif placement := placement_of(row):
            placements.append(placement)
        else:
            judged.append((row, Fate.NO_NUMBER))
    return [*judged, *place(placements), *_store(tags)]


def _flaw_of(row: Row) -> Fate | None:
    if row.flaw:
        return row.flaw
    if any(map(flaw_of, row.name)):
        return Fate.BAD_ID
    return None if is_of_partition(row.key) else flaw_of_value(row.value)


def _store(rows: Sequence[Row]) -> list[Judged]:
    there = insert_tags({row.name: row.value for row in rows})
    judged = []
    for row in rows:
        if row.name not in there:
            judged.append((row, Fate.STORED))
        else:
            judged.append((row, Fate.THERE if there[row.name] == row.value else Fate.OTHER_VALUE))
    return judged
