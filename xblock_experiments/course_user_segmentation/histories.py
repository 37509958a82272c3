"""Moves of many users at once, and the users of a course."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from xblock_experiments.course_user_segmentation.checks import check_id
from xblock_experiments.course_user_segmentation.data import Change
from xblock_experiments.course_user_segmentation.models import (
    Membership,
    PastChange,
    Segmentation,
)
from xblock_experiments.course_user_segmentation.segmentations import using
from xblock_experiments.database.rows import distinct_in_pages

_LAST = ("since", "group_id")
_PAST = ("when", "to_group_id")
_BOTH = ("segmentation_id", "user_id", "from_group_id", "why", "actor", "version")
"""The columns of a step in the tables of present and of past steps.

A report reads a course's whole history. Tuples take a third of the time that models take.
"""


class _Step(NamedTuple):
    """A move, as it is stored."""

    when: datetime
    to_group_id: int | None
    row_id: int
    user_id: str
    from_group_id: int | None
    why: str
    who: str
    version: int
    version_by_time: bool = False

    @property
    def change(self) -> Change:
        return Change(
            user_id=self.user_id,
            when=self.when,
            from_group_id=self.from_group_id,
            to_group_id=self.to_group_id,
            why=self.why,
            who=self.who,
            version=self.version,
            version_by_time=self.version_by_time,
        )


def get_user_ids(course_id: str) -> Iterator[str]:
    """Yield the ids of users who are or were in a group of the course, each once, in order."""
    check_id(course_id, "course")
    row_ids = list(_rows(course_id))
    return distinct_in_pages(
        [
            model.objects.using(using()).filter(segmentation__in=row_ids)
            for model in (Membership, PastChange)
        ],
        "user_id",
    )


def get_histories_of(
    course_id: str, user_ids: Sequence[str]
) -> dict[str, list[tuple[int, Change]]]:
    """Return all moves by user id, each with its segmentation's id, oldest first. Three queries.

    Reads present memberships before the past, so that a concurrent move cannot hide a step.
    """
    check_id(course_id, "course")
    numbers = _rows(course_id)
    mine = {"segmentation__in": list(numbers), "user_id__in": user_ids}
    present = Membership.objects.using(using()).filter(**mine).values_list(*_LAST, *_BOTH)
    last = [_Step(*row) for row in present]
    stored = PastChange.objects.using(using()).filter(**mine)
    past = [_Step(*row) for row in stored.values_list(*_PAST, *_BOTH, "version_by_time")]
    histories: dict[str, list[tuple[int, Change]]] = defaultdict(list)
    for step in sorted(dict.fromkeys([*past, *last]), key=attrgetter("when")):
        histories[step.user_id].append((numbers[step.row_id], step.change))
    return histories


def _rows(course_id: str) -> dict[int, int]:
    """Return the ids of the course's segmentations by their row ids."""
    rows = Segmentation.objects.using(using()).filter(course_id=course_id)
    return dict(rows.values_list("pk", "number"))
