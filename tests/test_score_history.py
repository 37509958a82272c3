"""Scores over time: which counted when, and how often one was recorded."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.builders import COURSE_ID
from xblock_experiments.gradebook.api import (
    get_score_history,
    get_scores,
    get_scores_of,
    record_score,
)
from xblock_experiments.gradebook.models import RecordedScore

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

BLOCK = "block-v1:DemoX+Tests+2026+type@problem+block@one"
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)

type Clock = Callable[[int], datetime]


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return a function that sets the clock to a day, and returns that time."""

    def set_to(number: int) -> datetime:
        moment = MONDAY + timedelta(days=number)
        monkeypatch.setattr(timezone, "now", lambda: moment)
        return moment

    return set_to


def history(user_id: str = "ann") -> list[tuple[float, float, bool]]:
    recorded = get_score_history(COURSE_ID, user_id)[BLOCK].recorded
    return [(each.score.earned, each.score.possible, each.counted) for each in recorded]


def test_the_score_of_a_day_is_the_one_that_counted_then(day: Clock) -> None:
    for number, earned in ((1, 3), (3, 1), (7, 2)):
        day(number)
        record_score(COURSE_ID, "ann", BLOCK, earned, 4)

    def earned_on(number: int) -> float | None:
        score = get_scores(COURSE_ID, "ann", at=day(number)).get(BLOCK)
        return score.earned if score else None

    assert [earned_on(number) for number in (0, 1, 2, 3, 6, 7, 30)] == [None, 3, 3, 1, 1, 2, 2]


def test_the_first_score_is_the_first_of_the_history() -> None:
    for earned in (1, 2, 3):
        record_score(COURSE_ID, "ann", BLOCK, earned, 4)

    assert history()[0] == (1, 4, True)
    assert [earned for earned, *_ in history()] == [1, 2, 3]


def test_a_lower_score_is_kept_but_does_not_count_if_only_the_highest_does(day: Clock) -> None:
    for number, earned in enumerate((2, 1, 3)):
        day(number)
        record_score(COURSE_ID, "ann", BLOCK, earned, 4, only_if_higher=True)

    assert history() == [(2, 4, True), (1, 4, False), (3, 4, True)]
    assert get_scores(COURSE_ID, "ann", at=day(1))[BLOCK].earned == 2


def test_an_equal_score_is_counted_as_a_call_and_adds_nothing(day: Clock) -> None:
    first = day(0)
    record_score(COURSE_ID, "ann", BLOCK, 1, 4)
    day(1)
    record_score(COURSE_ID, "ann", BLOCK, 1, 4)
    record_score(COURSE_ID, "ann", BLOCK, 1, 4, only_if_higher=True)

    assert history() == [(1, 4, True)]
    assert get_score_history(COURSE_ID, "ann")[BLOCK].calls == 3
    assert get_scores(COURSE_ID, "ann")[BLOCK].recorded == first


def test_a_score_that_did_not_count_counts_when_it_is_recorded_as_the_last() -> None:
    record_score(COURSE_ID, "ann", BLOCK, 2, 4)
    record_score(COURSE_ID, "ann", BLOCK, 1, 4, only_if_higher=True)
    record_score(COURSE_ID, "ann", BLOCK, 1, 4)

    assert history() == [(2, 4, True), (1, 4, False), (1, 4, True)]
    assert get_scores(COURSE_ID, "ann")[BLOCK].earned == 1


def test_scores_of_many_learners_are_read_in_one_query_for_a_thousand(
    django_assert_num_queries: Any,
) -> None:
    learners = [f"learner {number}" for number in range(1_001)]
    for user_id in learners[:3]:
        record_score(COURSE_ID, user_id, BLOCK, 1, 2)

    for at in (None, timezone.now()):
        with django_assert_num_queries(2):
            found = list(get_scores_of(COURSE_ID, learners, at=at))
        assert [user_id for user_id, _ in found] == learners
        assert [len(scores) for _, scores in found[:4]] == [1, 1, 1, 0]


class AnyHistory(TestCase):
    @settings(deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=12))
    def test_the_last_score_that_counted_is_the_score_that_counts(
        self, calls: list[tuple[int, int, bool]]
    ) -> None:
        RecordedScore.objects.all().delete()
        for earned, possible, only_if_higher in calls:
            record_score(COURSE_ID, "ann", BLOCK, earned, possible, only_if_higher=only_if_higher)
            record_score(COURSE_ID, "bob", BLOCK, 3, 3)

            (now,) = get_scores(COURSE_ID, "ann").values()
            recorded = get_score_history(COURSE_ID, "ann")[BLOCK].recorded
            assert [each.score for each in recorded if each.counted][-1] == now
            assert (recorded[-1].score.earned, recorded[-1].score.possible) == (earned, possible)
        steps = [(e.score.earned, e.score.possible, e.counted) for e in recorded] if calls else []
        assert all(one != other for one, other in itertools.pairwise(steps))
        if calls:
            assert get_score_history(COURSE_ID, "ann")[BLOCK].calls == len(calls)
            assert get_score_history(COURSE_ID, "bob")[BLOCK].recorded[0].counted
