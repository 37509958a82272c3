"""Assignment of many users, compared with only inserting the same rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import batched
from operator import add
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

type Things = Sequence[Any]


def rows(scale: Scale) -> list[Row]:
    save_segmentations(COURSE_ID, [experiment(ID)])
    users = [f"learner-{number:07}" for number in range(scale.bulk_users)]
    first = _race_first(users, scale.bulk_repetitions)
    again = _race_again(users, scale.bulk_repetitions)
    making = list(map(add, first["floor"], first["rows"]))
    what = f"{len(users):,} users at once"
    return [
        Row(
            what=what,
            unit="s",
            ours=first["ours"],
            floor=first["floor"],
        ),
        Row(
            what=f"{what}, the floor makes its rows",
            unit="s",
            ours=first["ours"],
            floor=making,
            goals=[times_the_floor(MOST, first["ours"], making)],
        ),
        Row(what=f"{what}, once more", unit="s", ours=again["ours"], floor=again["floor"]),
    ]


def _race_first(users: list[str], repetitions: int) -> dict[str, list[float]]:
    row_id = segmentation_row_id(COURSE_ID, ID)

    def emptied(things: Callable[[], Things]) -> Callable[[int], Things]:
        def prepare(repetition: int) -> Things:
            databases.empty(Membership)
            return [things()]

        return prepare

    contenders = [
        Contender("ours", emptied(lambda: users), _assign),
        Contender("floor", emptied(lambda: memberships(row_id, users)), _insert),
        Contender("rows", lambda _: [users], partial(memberships, row_id)),
    ]
    return race("bulk, first", contenders, repetitions, warm_up=False)


def _race_again(users: list[str], repetitions: int) -> dict[str, list[float]]:
    row_id = segmentation_row_id(COURSE_ID, ID)
    databases.empty(Membership)
    _assign(users)
    databases.analyze()
    if Membership.objects.count() != len(users):
        msg = "Not everybody was assigned."
        raise RuntimeError(msg)

    def read(users: list[str]) -> None:
        for batch in batched(users, BATCH):
            found = Membership.objects.filter(segmentation_id=row_id, user_id__in=batch)
            list(found.values_list("user_id", "group_id"))

    contenders = [
        Contender("ours", lambda _: [users], _assign),
        Contender("floor", lambda _: [users], read),
    ]
    return race("bulk, once more", contenders, repetitions, warm_up=False)


def _assign(users: list[str]) -> None:
    if assign_users(COURSE_ID, ID, users).total() != len(users):
        msg = "Not everybody was assigned."
        raise RuntimeError(msg)


def _insert(rows: list[Membership]) -> None:
    Membership.objects.bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)
