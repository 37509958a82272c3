"""Assigning many users at once, beside inserting the same rows and doing nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks import databases
from benchmarks.courses import course_id, experiment
from benchmarks.members import memberships, segmentation_row_id
from benchmarks.results import Row, times_the_floor
from benchmarks.scale import Scale
from benchmarks.timing import Contender, race
from xblock_experiments.course_user_segmentation.api import save_segmentations
from xblock_experiments.course_user_segmentation.models import Membership
from xblock_experiments.experiments.api import assign_users

COURSE_ID = course_id("bulk")
ID = 100
MOST = 2
BATCH = 1_000


def rows(scale: Scale) -> list[Row]:
    save_segmentations(COURSE_ID, [experiment(ID)])
    row_id = segmentation_row_id(COURSE_ID, ID)
    user_ids = [f"learner-{number:07}" for number in range(scale.bulk_users)]

    def emptied(things: Sequence[Any]) -> Sequence[Any]:
        databases.empty(Membership)
        return things

    def read(ids: Sequence[str]) -> None:
        for start in range(0, len(ids), BATCH):
            batch = ids[start : start + BATCH]
            found = Membership.objects.filter(segmentation_id=row_id, user_id__in=batch)
            list(found.values_list("user_id", "group_id"))

    contenders = [
        Contender("ours", lambda _: emptied(user_ids), _assign, is_whole=True),
        Contender("floor", lambda _: emptied(memberships(row_id, user_ids)), _insert, is_whole=True),
        Contender(
            "made",
            lambda _: emptied(user_ids),
            lambda ids: _insert(memberships(row_id, ids)),
            is_whole=True,
        ),
    ]
    first = race("bulk", contenders, scale.bulk_repetitions, warm_up=False)
    emptied([])
    _check(user_ids)
    repeats = [
        Contender("ours", lambda _: user_ids, _assign, is_whole=True),
        Contender("floor", lambda _: user_ids, read, is_whole=True),
    ]
    again = race("bulk, once more", repeats, scale.bulk_repetitions, warm_up=False)
    what = f"{scale.bulk_users:,} users assigned"

    def whole(seconds: list[float]) -> list[float]:
        return [each * scale.bulk_users for each in seconds]

    return [
        Row(
            what=what,
            unit="s",
            ours=whole(first["ours"]),
            floor=whole(first["floor"]),
            goals=[times_the_floor(MOST, first["ours"], first["floor"])],
        ),
        Row(
            what=f"{what}, the floor makes its rows",
            unit="s",
            ours=whole(first["ours"]),
            floor=whole(first["made"]),
        ),
        Row(
            what=f"{what}, once more",
            unit="s",
            ours=whole(again["ours"]),
            floor=whole(again["floor"]),
        ),
    ]


def _assign(user_ids: Sequence[str]) -> None:
    assign_users(COURSE_ID, ID, user_ids)


def _insert(rows: list[Membership]) -> None:
    Membership.objects.bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)


def _check(user_ids: Sequence[str]) -> None:
    counts = assign_users(COURSE_ID, ID, user_ids)
    if counts.total() != len(user_ids) or Membership.objects.count() != len(user_ids):
        msg = f"Not everybody was assigned: {counts}."
        raise RuntimeError(msg)
