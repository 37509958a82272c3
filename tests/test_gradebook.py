"""Scores of blocks."""

from __future__ import annotations

import copy
import itertools
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, connections, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests import race
from tests.builders import COURSE_ID
from tests.test_course_user_segmentation import ALIKE
from tests.test_public_faces import signature
from tests.test_races import many_times, together
from xblock_experiments.errors import NotStored, RetiredUser
from xblock_experiments.gradebook.api import get_scores, record_score, retire_user
from xblock_experiments.gradebook.data import GradebookError, InvalidScore, Score
from xblock_experiments.gradebook.models import Score as Row
from xblock_experiments.retired.models import RetiredHash

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]
committed = pytest.mark.django_db(transaction=True)

OTHER = "course-v1:Other+Course+1"
BLOCK = "block-v1:DemoX+Tests+2026+type@problem+block@one"
CALLERS = 8
MOST = sys.float_info.max

_users = itertools.count()


def points(course_id: str = COURSE_ID, user_id: str = "ann") -> dict[str, tuple[float, float]]:
    scores = get_scores(course_id, user_id)
    return {usage_id: (score.earned, score.possible) for usage_id, score in scores.items()}


def fraction(earned: float, possible: float) -> float:
    return min(earned / possible, MOST) if possible else 0.0


def test_a_score_is_stored_with_its_points_and_its_time() -> None:
    before = timezone.now()
    record_score(COURSE_ID, "ann", BLOCK, 2, 3.5)

    (score,) = get_scores(COURSE_ID, "ann").values()
    assert (score.usage_id, score.earned, score.possible) == (BLOCK, 2, 3.5)
    assert (type(score.earned), type(score.possible)) == (float, float)
    assert before <= score.recorded <= timezone.now()


def test_a_later_score_replaces_the_earlier_one_even_if_it_is_lower() -> None:
    record_score(COURSE_ID, "ann", BLOCK, 3, 4)
    (before,) = get_scores(COURSE_ID, "ann").values()
    record_score(COURSE_ID, "ann", BLOCK, 1, 2)

    (after,) = get_scores(COURSE_ID, "ann").values()
    assert (after.earned, after.possible) == (1, 2)
    assert after.recorded > before.recorded


@pytest.mark.parametrize(
    ("stored", "new", "is_higher"),
    [
        ((1, 2), (2, 3), True),
        ((9, 10), (1, 1), True),
        ((1, 1), (9, 10), False),
        ((1, 2), (1, 2), False),
        ((1, 2), (2, 4), False),
        ((0, 0), (0, 5), False),
        ((0, 5), (3, 0), False),
        ((3, 0), (1, 5), True),
        ((1, 1), (3, 2), True),
        ((1, 3), (1, 3 - 1e-15), True),
        ((5e-324, MOST), (1, 2), True),
        ((MOST, 5e-324), (1, 2), False),
        ((MOST, MOST), (MOST, 1), True),
    ],
)
def test_with_only_if_higher_a_score_is_replaced_only_by_a_higher_fraction(
    stored: tuple[float, float], new: tuple[float, float], is_higher: bool
) -> None:
    record_score(COURSE_ID, "ann", BLOCK, *stored)
    before = get_scores(COURSE_ID, "ann")
    record_score(COURSE_ID, "ann", BLOCK, *new, only_if_higher=True)

    assert points() == {BLOCK: new if is_higher else stored}
    assert (get_scores(COURSE_ID, "ann") == before) is not is_higher


def test_with_only_if_higher_a_first_score_is_stored() -> None:
    record_score(COURSE_ID, "ann", BLOCK, 0, 0, only_if_higher=True)

    assert points() == {BLOCK: (0, 0)}


def test_scores_belong_to_course_user_and_block_and_are_ordered_by_block() -> None:
    record_score(COURSE_ID, "ann", "b", 1, 9)
    record_score(COURSE_ID, "ann", "a", 2, 9)
    record_score(COURSE_ID, "bob", "a", 3, 9)
    record_score(OTHER, "ann", "a", 4, 9)

    assert list(points()) == ["a", "b"]
    assert points() == {"a": (2, 9), "b": (1, 9)}
    assert points(user_id="bob") == {"a": (3, 9)}
    assert points(OTHER) == {"a": (4, 9)}
    assert points(OTHER, "bob") == {}


class AnyScores(TestCase):
    @given(
        st.lists(
            st.tuples(
                st.sampled_from([COURSE_ID, OTHER]),
                st.sampled_from(["ann", "Ann", "ann "]),
                st.sampled_from(["a", "A"]),
                st.integers(0, 4) | st.floats(0, allow_infinity=False),
                st.integers(0, 4) | st.floats(0, allow_infinity=False),
                st.booleans(),
            ),
            max_size=20,
        )
    )
    def test_any_sequence_of_calls_stores_the_same_scores_as_a_dictionary(
        self, calls: list[Any]
    ) -> None:
        should: dict[tuple[str, str], dict[str, tuple[float, float]]] = {}
        for course_id, user_id, usage_id, earned, possible, only_if_higher in calls:
            record_score(
                course_id, user_id, usage_id, earned, possible, only_if_higher=only_if_higher
            )
            scores = should.setdefault((course_id, user_id), {})
            is_stored = only_if_higher and usage_id in scores
            if not is_stored or fraction(earned, possible) > fraction(*scores[usage_id]):
                scores[usage_id] = (earned, possible)

        for place, scores in should.items():
            assert points(*place) == scores


@pytest.mark.parametrize(
    "bad",
    [
        *(-1, -5e-324, float("nan"), float("inf"), float("-inf")),
        *(True, "1", None, 1j, Decimal(1)),
        pytest.param(10**5000, id="an integer that is too long to be shown"),
    ],
)
@pytest.mark.parametrize("only_if_higher", [False, True])
def test_negative_and_infinite_points_are_refused_and_nothing_is_stored(
    bad: Any, only_if_higher: bool
) -> None:
    record_score(COURSE_ID, "ann", BLOCK, 1, 2)
    before = get_scores(COURSE_ID, "ann")

    with pytest.raises(InvalidScore, match="The points earned"):
        record_score(COURSE_ID, "ann", BLOCK, bad, 1, only_if_higher=only_if_higher)
    with pytest.raises(InvalidScore, match="The points possible"):
        record_score(COURSE_ID, "ann", BLOCK, 1, bad, only_if_higher=only_if_higher)
    assert get_scores(COURSE_ID, "ann") == before


def test_the_error_is_a_value_error_of_the_gradebook() -> None:
    with pytest.raises(ValueError, match="are negative") as raised:
        record_score(COURSE_ID, "ann", BLOCK, -1, 1)
    assert isinstance(raised.value, GradebookError)


@pytest.mark.parametrize("number", [0.1 + 0.2, 5e-324, 2.2e-308, MOST, 2**53 + 2, 1 / 3])
def test_points_are_returned_exactly(number: float) -> None:
    record_score(COURSE_ID, "ann", BLOCK, number, number)

    assert points() == {BLOCK: (number, number)}


def test_a_fraction_is_earned_points_divided_by_possible_points() -> None:
    def of(earned: float, possible: float) -> float:
        return Score(BLOCK, earned, possible, timezone.now()).fraction

    assert of(1, 4) == 0.25
    assert of(3, 2) == 1.5
    assert of(0, 0) == of(3, 0) == of(5e-324, MOST) == 0
    assert of(MOST, 5e-324) == MOST


@pytest.mark.parametrize("id", ["", "x" * 256, "a\x00b", "\ud800", None, 7])
def test_an_id_that_cannot_be_stored_is_refused(id: Any) -> None:
    for call, whose in (
        (lambda: record_score(id, "ann", BLOCK, 1, 2), "course"),
        (lambda: record_score(COURSE_ID, id, BLOCK, 1, 2), "user"),
        (lambda: record_score(COURSE_ID, "ann", id, 1, 2), "block"),
        (lambda: get_scores(id, "ann"), "course"),
        (lambda: get_scores(COURSE_ID, id), "user"),
        (lambda: retire_user(id), "user"),
    ):
        with pytest.raises(InvalidScore, match=f"The id of a {whose} "):
            call()
    assert not Row.objects.exists()


@pytest.mark.parametrize(("one", "other"), ALIKE)
@pytest.mark.parametrize("only_if_higher", [False, True])
def test_ids_are_compared_exactly(one: str, other: str, only_if_higher: bool) -> None:
    record = partial(record_score, earned=1, possible=2, only_if_higher=only_if_higher)
    places = list(itertools.product((one, other), repeat=3))
    for course_id, user_id, usage_id in places:
        record(course_id, user_id, usage_id)

    assert Row.objects.count() == len(places)
    assert set(get_scores(one, other)) == {one, other}
    assert retire_user(one) == 8
    assert set(get_scores(one, other)) == {one, other}


def test_ids_have_up_to_255_characters() -> None:
    course_id, user_id, usage_id = "c" * 255, "🙂" * 255, "ü" * 255
    record_score(course_id, user_id, usage_id, 1, 2)
    record_score(course_id, user_id, usage_id, 2, 2, only_if_higher=True)

    assert points(course_id, user_id) == {usage_id: (2, 2)}


@pytest.mark.parametrize("only_if_higher", [False, True])
def test_a_score_is_recorded_in_a_constant_number_of_queries(
    only_if_higher: bool, django_assert_max_num_queries: Any
) -> None:
    for earned in (1, 2, 0):
        # Two are for the block, four for the score, and two for a savepoint.
        with django_assert_max_num_queries(8):
            record_score(COURSE_ID, "ann", BLOCK, earned, 2, only_if_higher=only_if_higher)


def test_all_scores_of_a_user_are_read_in_one_query(django_assert_num_queries: Any) -> None:
    for number in range(50):
        record_score(COURSE_ID, "ann", f"block {number}", number, 50)

    with django_assert_num_queries(1):
        assert len(get_scores(COURSE_ID, "ann")) == 50


def test_reading_writes_nothing() -> None:
    assert get_scores(COURSE_ID, "ann") == {}
    assert not Row.objects.exists()


def test_the_database_refuses_a_second_row_for_the_same_block() -> None:
    record_score(COURSE_ID, "ann", BLOCK, 1, 2)
    row = Row.objects.get()
    row.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_retiring_a_user_deletes_only_that_users_scores() -> None:
    for user_id, course_id, usage_id in itertools.product(
        ("ann", "bob"), (COURSE_ID, OTHER), ("a", "b")
    ):
        record_score(course_id, user_id, usage_id, 1, 2)

    assert retire_user("ann") == 8  # four scores, and the history of each
    assert retire_user("ann") == 0
    assert points() == points(OTHER) == {}
    assert points(user_id="bob") == points(OTHER, "bob") == {"a": (1, 2), "b": (1, 2)}


def test_a_refused_score_leaves_the_callers_transaction_usable() -> None:
    with transaction.atomic():
        record_score(COURSE_ID, "ann", "a", 1, 2)
        with pytest.raises(InvalidScore):
            record_score(COURSE_ID, "ann", "b", float("nan"), 2)
        record_score(COURSE_ID, "ann", "c", 1, 2)

    assert set(get_scores(COURSE_ID, "ann")) == {"a", "c"}


@committed
def test_a_database_error_raises_not_stored_and_the_same_call_succeeds_later() -> None:
    def fail(*_: object) -> None:
        msg = "disk full"
        raise OperationalError(msg)

    calls: list[Callable[[], object]] = [
        lambda: record_score(COURSE_ID, "ann", BLOCK, 2, 2),
        lambda: record_score(COURSE_ID, "ann", BLOCK, 2, 2, only_if_higher=True),
        lambda: get_scores(COURSE_ID, "ann"),
        lambda: retire_user("ann"),
    ]
    for call in calls:
        with connection.execute_wrapper(fail), pytest.raises(NotStored, match="disk full"):
            call()
    record_score(COURSE_ID, "ann", BLOCK, 2, 2)

    assert points() == {BLOCK: (2, 2)}


def each_isolation() -> Iterator[str]:
    """Set each isolation level in turn for connections that are opened from then on."""
    database = connections.settings["default"]
    options = copy.copy(database["OPTIONS"])
    try:
        for isolation in race.isolations():
            race.set_isolation(isolation)
            connections.close_all()
            yield isolation
    finally:
        database["OPTIONS"] = options
        connections.close_all()


def run_concurrently(calls: list[Callable[[], None]]) -> None:
    assert together(*calls) == []


@committed
def test_the_highest_of_concurrent_scores_is_stored() -> None:
    """Check with and without an earlier score."""
    scores: list[tuple[float, float]] = [(0, 0), (1, 3), (2, 9), (5, 6), (7, 2), (3, 1), (9, 9)]
    for _ in each_isolation():
        for has_one in (False, True) * 10:
            user_id = f"user {next(_users)}"
            if has_one:
                record_score(COURSE_ID, user_id, BLOCK, 1, 100)
            random.shuffle(scores)
            record = partial(record_score, COURSE_ID, user_id, BLOCK, only_if_higher=True)
            run_concurrently([partial(record, *score) for score in scores])

            assert points(user_id=user_id) == {BLOCK: (7, 2)}
            assert Row.objects.filter(user_id=user_id).count() == 1


@committed
def test_exactly_one_of_concurrent_scores_is_stored_completely() -> None:
    scores = [(float(number), float(number)) for number in range(CALLERS)]
    for _ in each_isolation():
        for _ in range(20):
            user_id = f"user {next(_users)}"
            record = partial(record_score, COURSE_ID, user_id, BLOCK)
            run_concurrently([partial(record, *score) for score in scores])

            assert points(user_id=user_id)[BLOCK] in scores
            (row,) = Row.objects.filter(user_id=user_id)
            assert row.fraction == fraction(row.earned, row.possible)


@committed
def test_recording_and_retiring_do_not_block_each_other() -> None:
    def record(usage_id: str, number: int) -> None:
        with suppress(RetiredUser):
            record_score(COURSE_ID, "ann", usage_id, number, 20, only_if_higher=number % 2 == 0)

    def retire(number: int) -> None:
        if number >= 10:
            retire_user("ann")

    for _ in each_isolation():
        RetiredHash.objects.all().delete()
        calls = [partial(record, usage_id) for usage_id in "aabbcd"] + [retire, retire]
        run_concurrently([many_times(call) for call in calls])

        assert points() == {}


@committed
def test_scores_recorded_in_transactions_wait_for_each_other() -> None:
    def record(number: int) -> None:
        with transaction.atomic():
            record_score(COURSE_ID, "ann", BLOCK, number, 20, only_if_higher=True)

    run_concurrently([many_times(record)] * 4)

    assert points() == {BLOCK: (19, 20)}


@committed
@pytest.mark.parametrize("only_if_higher", [False, True])
def test_a_score_is_rolled_back_with_its_transaction(only_if_higher: bool) -> None:
    record_score(COURSE_ID, "ann", "old", 1, 2)
    before = get_scores(COURSE_ID, "ann")
    for _ in each_isolation():
        with transaction.atomic():
            record_score(COURSE_ID, "ann", "old", 2, 2, only_if_higher=only_if_higher)
            record_score(COURSE_ID, "ann", "new", 2, 2, only_if_higher=only_if_higher)
            assert points() == {"old": (2, 2), "new": (2, 2)}
            transaction.set_rollback(True)

        assert get_scores(COURSE_ID, "ann") == before


@committed
@pytest.mark.parametrize("only_if_higher", [False, True])
def test_a_concurrent_score_waits_for_an_open_transaction_and_is_stored_after_it(
    only_if_higher: bool,
) -> None:
    for _ in each_isolation():
        user_id = f"user {next(_users)}"
        is_recorded = threading.Event()

        def record_and_linger(user_id: str = user_id, done: threading.Event = is_recorded) -> None:
            with transaction.atomic():
                record_score(COURSE_ID, user_id, BLOCK, 1, 3)
                done.set()
                time.sleep(0.2)

        def come(user_id: str = user_id, done: threading.Event = is_recorded) -> None:
            assert done.wait(10)
            record_score(COURSE_ID, user_id, BLOCK, 2, 3, only_if_higher=only_if_higher)

        run_concurrently([record_and_linger, come])
        assert points(user_id=user_id) == {BLOCK: (2, 3)}


@committed
@pytest.mark.parametrize("call", ["record", "record the higher", "retire"])
def test_a_row_newer_than_the_transaction_is_changed_or_raises_not_stored(call: str) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("on SQLite no row can be newer than a writing transaction")
    for isolation in each_isolation():
        user_id = f"user {next(_users)}"
        record = partial(record_score, COURSE_ID, user_id, BLOCK, possible=2)
        is_said = False
        try:
            with transaction.atomic():
                get_scores(COURSE_ID, user_id)
                run_concurrently([partial(record, earned=1)])
                if call == "retire":
                    assert retire_user(user_id) == 2
                else:
                    record(earned=2, only_if_higher=call == "record the higher")
        except NotStored:
            is_said = True

        changed = {} if call == "retire" else {BLOCK: (2, 2)}
        assert points(user_id=user_id) == ({BLOCK: (1, 2)} if is_said else changed)
        assert not (is_said and isolation == "read committed")


def test_a_score_has_the_time_since_which_it_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now().replace(microsecond=123456)
    for hours, earned, higher, since in (
        (0, 1, False, 0),
        (1, 1, True, 0),
        (2, 2, True, 2),
        (3, 0, False, 3),
    ):
        monkeypatch.setattr(timezone, "now", lambda then=now + timedelta(hours=hours): then)
        record_score(COURSE_ID, "ann", BLOCK, earned, 2, only_if_higher=higher)

        assert get_scores(COURSE_ID, "ann")[BLOCK].recorded == now + timedelta(hours=since)


def test_each_function_is_in_the_reference_with_its_parameters() -> None:
    page = (Path(__file__).parents[1] / "docs" / "reference" / "gradebook.rst").read_text()
    for function in (record_score, get_scores, retire_user):
        assert f"``{function.__name__}({signature(function)})``\n" in page
