"""Queries of scores: those that count now, those that counted at a time, and the history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import batched
from typing import Any

from xblock_experiments.database.rows import AT_ONCE
from xblock_experiments.gradebook import models
from xblock_experiments.gradebook.data import RawPoints, RecordedScore, Score, ScoreHistory


def scores_of(
    course_id: str, user_ids: Iterable[str], at: datetime | None
) -> Iterator[tuple[str, dict[str, Score]]]:
    """Yield each user's id and scores by usage id. One query for each batch of users."""
    for batch in batched(user_ids, AT_ONCE):
        rows = _counting(course_id, batch) if at is None else _counting_at(course_id, batch, at)
        scores: dict[str, dict[str, Score]] = defaultdict(dict)
        for user_id, *score in rows:
            scores[user_id][score[0]] = Score(*score)
        for user_id in batch:
            yield user_id, dict(sorted(scores.get(user_id, {}).items()))


def raw_points_of(
    course_id: str, user_ids: Sequence[str]
) -> Iterator[tuple[str, dict[str, RawPoints]]]:
    """Yield each user's id and points by usage id. One query."""
    rows = models.Score.objects.filter(course_id=course_id, user_id__in=user_ids)
    points: dict[str, dict[str, RawPoints]] = defaultdict(dict)
    for user_id, usage_id, earned, possible in rows.values_list(
        "user_id", "usage_id", "earned", "possible"
    ):
        points[user_id][usage_id] = (earned, possible)
    for user_id in user_ids:
        yield user_id, points.get(user_id, {})


def histories_of(
    course_id: str, user_ids: Iterable[str]
) -> Iterator[tuple[str, dict[str, ScoreHistory]]]:
    """Yield each user's id and histories by usage id. One query for each batch of users."""
    for batch in batched(user_ids, AT_ONCE):
        yield from _histories_of(course_id, batch)


def _histories_of(
    course_id: str, user_ids: Sequence[str]
) -> Iterator[tuple[str, dict[str, ScoreHistory]]]:
    recorded = models.RecordedScore.objects.filter(
        score__course_id=course_id, score__user_id__in=user_ids
    )
    columns = ("score__usage_id", "counted", "earned", "possible", "recorded")
    calls: dict[tuple[str, str], int] = {}
    scores: dict[str, dict[str, list[RecordedScore]]] = defaultdict(lambda: defaultdict(list))
    rows = recorded.order_by("number").values_list("score__user_id", "score__calls", *columns)
    for user_id, calls_, usage_id, counted, *points in rows:
        calls[user_id, usage_id] = calls_
        scores[user_id][usage_id].append(RecordedScore(Score(usage_id, *points), counted))
    for user_id in user_ids:
        yield (
            user_id,
            {
                usage_id: ScoreHistory(calls[user_id, usage_id], tuple(recorded))
                for usage_id, recorded in sorted(scores.get(user_id, {}).items())
            },
        )


def _counting(course_id: str, user_ids: Iterable[str]) -> Iterable[tuple[Any, ...]]:
    scores = models.Score.objects.filter(course_id=course_id, user_id__in=list(user_ids))
    return scores.values_list("user_id", "usage_id", "earned", "possible", "recorded")


def _counting_at(
    course_id: str, user_ids: Iterable[str], at: datetime
) -> Iterable[tuple[Any, ...]]:
    """Return scores that had counted by that time. Of each block, the last is the one."""
    recorded = models.RecordedScore.objects.filter(
        score__course_id=course_id,
        score__user_id__in=list(user_ids),
        recorded__lte=at,
        counted=True,
    )
    columns = ("score__user_id", "score__usage_id", "earned", "possible", "recorded")
    return recorded.order_by("number").values_list(*columns)
