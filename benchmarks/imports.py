"""The import of the platform's tags, compared with only inserting the resulting rows."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import models
from django.utils import timezone

from benchmarks import databases
from benchmarks.courses import GROUPS, course_id, experiment
from benchmarks.members import memberships, segmentation_row_id
from benchmarks.platform_flow.partitions import key_of
from benchmarks.results import Row, times_the_floor
from benchmarks.scale import Scale
from benchmarks.timing import Contender, race
from xblock_experiments.course_user_segmentation.api import save_segmentations
from xblock_experiments.course_user_segmentation.models import Membership
from xblock_experiments.platform.api import import_course_tags
from xblock_experiments.platform.tags import data as platform
from xblock_experiments.user_tags.models import Tag

COURSE_ID = course_id("imports")
ID = 100
MOST = 3
BATCH = 1_000
TAGS_IN = 10
"""One row in so many is a tag; the others assign users to groups."""


def rows(scale: Scale) -> list[Row]:
    save_segmentations(COURSE_ID, [experiment(ID)])
    seconds = race(
        "import", _contenders(scale.imported_rows), scale.bulk_repetitions, warm_up=False
    )
    return [
        Row(
            what=f"{scale.imported_rows:,} rows of the platform",
            unit="s",
            ours=seconds["ours"],
            floor=seconds["floor"],
            goals=[times_the_floor(MOST, seconds["ours"], seconds["floor"])],
        )
    ]


def _contenders(count: int) -> list[Contender]:
    user_ids = [f"learner-{number:07}" for number in range(count)]
    given = [_row(number, user_id) for number, user_id in enumerate(user_ids)]
    row_id = segmentation_row_id(COURSE_ID, ID)

    def ours(_: int) -> list[list[platform.Row]]:
        _empty()
        return [given]

    def floor(_: int) -> list[list[Sequence[models.Model]]]:
        _empty()
        members = [user_id for number, user_id in enumerate(user_ids) if number % TAGS_IN]
        return [[memberships(row_id, members), list(map(_tag, user_ids[::TAGS_IN]))]]

    return [Contender("ours", ours, _import), Contender("floor", floor, _insert)]


def _empty() -> None:
    databases.empty(Membership)
    databases.empty(Tag)


def _row(number: int, user_id: str) -> platform.Row:
    if number % TAGS_IN:
        group = GROUPS[number % len(GROUPS)]
        return platform.Row(number, user_id, COURSE_ID, key_of(ID), str(group.id))
    return platform.Row(number, user_id, COURSE_ID, "pace", "slow")


def _tag(user_id: str) -> Tag:
    return Tag(
        user_id=user_id, course_id=COURSE_ID, key="pace", value='"slow"', modified=timezone.now()
    )


def _import(rows: list[platform.Row]) -> None:
    judged = [fate for batch in import_course_tags(rows) for _, fate in batch.judged]
    entered, stored = map(judged.count, (platform.Fate.ENTERED, platform.Fate.STORED))
    if entered + stored != len(rows):
        msg = "Not all rows were imported."
        raise RuntimeError(msg)


def _insert(tables: Sequence[Sequence[models.Model]]) -> None:
    for rows in tables:
        manager = type(rows[0])._default_manager
        manager.bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)
