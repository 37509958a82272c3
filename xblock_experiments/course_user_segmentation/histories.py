"""Moves of many users at once, and the users of a course."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from operator import attrgetter

from xblock_experiments.course_user_segmentation.checks import check_id
from xblock_experiments.course_user_segmentation.data import Change
from xblock_experiments.course_user_segmentation.models import (
    Membership,
    PastChange,
    Segmentation,
)
from xblock_experiments.course_user_segmentation.segmentations import using
from xblock_experiments.course_user_segmentation.steps import Step, latest_and_past
from xblock_experiments.database.rows import distinct_in_pages


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
    """Return all moves by user id, each with its segmentation's id, oldest first. Three queries."""
    return {
        user_id: [(id, change) for id, _, change in moves]
        for user_id, moves in get_moves_of(course_id, user_ids).items()
    }


def get_moves_of(
    course_id: str, user_ids: Sequence[str]
) -> dict[str, list[tuple[int, str, Change]]]:
    """Return all moves by user id, each with its segmentation's id and type, oldest first.

    Three queries.
    """
    check_id(course_id, "course")
    rows = _rows(course_id)
    latest, past = latest_and_past(rows, user_ids)
    moves: dict[str, list[tuple[int, str, Change]]] = defaultdict(list)
    steps = dict.fromkeys(Step(*row) for row in [*past, *latest])
    for step in sorted(steps, key=attrgetter("when")):
        moves[step.user_id].append((*rows[step.row_id], step.change))
    return moves


def _rows(course_id: str) -> dict[int, tuple[int, str]]:
    """Return the ids and types of the course's segmentations by their row ids."""
    rows = Segmentation.objects.using(using()).filter(course_id=course_id)
    return {row_id: (id, type) for row_id, id, type in rows.values_list("pk", "number", "type")}
