"""Changes of tags: their events, and concurrent changes of one tag."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, connections, transaction
from pytest_django import Settings

from tests import race
from tests.blocks import user_info
from tests.builders import COURSE_ID
from tests.recording import RecordedEvents, recording
from tests.test_migrations import migrate, newest
from xblock_experiments import events
from xblock_experiments.errors import NotStored
from xblock_experiments.events import outbox
from xblock_experiments.services import COURSE, GLOBAL
from xblock_experiments.user_tags.data import Conflict, InvalidTag

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.every_database,
    pytest.mark.xdist_group("races"),
]

APP = "xblock_experiments_user_tags"
TIMES = 15


@pytest.fixture
def recorded() -> Iterator[RecordedEvents]:
    with recording() as recorded:
        yield recorded


@pytest.fixture(autouse=True)
def _own_isolation() -> Iterator[None]:
    database = connections.settings["default"]
    options = copy.copy(database["OPTIONS"])
    yield
    database["OPTIONS"] = options
    connections.close_all()


def tag(key: str = "hint.key") -> Any:
    return apps.get_model(APP, "Tag").objects.get(key=key)


def test_each_change_emits_one_event_and_nothing_else_does(
    recorded: RecordedEvents, settings: Settings
) -> None:
    settings.XBLOCK_EXPERIMENTS = {"EVENT_TAGS": ["*"]}
    service = user_info()
    service.set(COURSE, "key", 1, expected=None)
    service.set(COURSE, "key", 2, expected=1)
    service.set(COURSE, "key", 2, expected=2)
    with pytest.raises(Conflict):
        service.set(COURSE, "key", 3, expected=None)
    service.increment(COURSE, "key", 5)
    service.set(COURSE, "key", "text")
    service.set(COURSE, "key", "text")
    with pytest.raises(InvalidTag):
        service.increment(COURSE, "key")
    service.delete(COURSE, "key")
    service.delete(COURSE, "key")

    told_of = [(each.value, each.deleted) for each in recorded.of(events.TagChanged)]
    assert told_of == [(1, False), (2, False), (7, False), ("text", False), (None, True)]


def test_the_context_of_a_change_has_the_listed_tags_of_the_course(
    recorded: RecordedEvents, settings: Settings
) -> None:
    settings.XBLOCK_EXPERIMENTS = {"EVENT_TAGS": ["*"]}
    user_info().set(COURSE, "nothing", None)
    with events.user_context(COURSE_ID, "ann"):
        user_info().set(COURSE, "here", 1)
        user_info().set(GLOBAL, "everywhere", 2)
        user_info().set(COURSE, "nothing at all", None)

    contexts = [each["course_user_tags"] for each in recorded.contexts(events.TagChanged)]
    assert contexts == [{}, {"hint.here": 1}, {"hint.here": 1}, {"hint.here": 1}]


def test_tags_that_no_event_may_contain_are_not_read(
    recorded: RecordedEvents, django_assert_num_queries: Any
) -> None:
    with events.user_context(COURSE_ID, "ann") as context:
        context.fill(groups={})
        with django_assert_num_queries(1):
            user_info().set(COURSE, "key", 1)

    assert len(recorded.entries) == 1


def test_adding_zero_to_a_counter_changes_nothing(recorded: RecordedEvents) -> None:
    counts = [user_info().increment(COURSE, "count", by) for by in (0, 0, 2, 0)]

    assert counts == [0, 0, 2, 2]
    assert len(recorded.of(events.TagChanged)) == 2


def test_tags_that_a_block_has_read_are_not_read_again_for_an_event(
    recorded: RecordedEvents, settings: Settings, django_assert_num_queries: Any
) -> None:
    settings.XBLOCK_EXPERIMENTS = {"EVENT_TAGS": ["*"], "PRIVATE_TAGS": ["hint.secret"]}
    for key, value in (("known", 1), ("secret", 2), ("nothing", None)):
        user_info().set(COURSE, key, value)
    with events.user_context(COURSE_ID, "ann") as context:
        context.fill(groups={})
        service = user_info()
        with django_assert_num_queries(2):
            assert service.get(COURSE, "known") == 1
            service.set(COURSE, "key", 3)

    assert recorded.contexts(events.TagChanged)[-1]["course_user_tags"] == {
        "hint.known": 1,
        "hint.key": 3,
    }


def test_tags_that_a_block_has_read_for_another_user_are_not_in_the_event(
    recorded: RecordedEvents, settings: Settings
) -> None:
    settings.XBLOCK_EXPERIMENTS = {"EVENT_TAGS": ["*"]}
    user_info("bob").set(COURSE, "key", 1)
    with events.user_context(COURSE_ID, "ann") as context:
        assert user_info("bob").get(COURSE, "key") == 1

        assert context["course_user_tags"] == {}


def test_a_change_is_rolled_back_if_its_event_cannot_be_stored(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_info().set(COURSE, "key", 1)
    settings.XBLOCK_EXPERIMENTS = {"OUTBOX": ["bus"]}
    monkeypatch.setattr(outbox, "keep", lambda events, using: 1 // 0)
    service = user_info()
    for change in (
        partial(service.set, COURSE, "key", 2),
        partial(service.set, COURSE, "key", 2, expected=1),
        partial(service.increment, COURSE, "key"),
        partial(service.delete, COURSE, "key"),
    ):
        with pytest.raises(ZeroDivisionError):
            change()

    assert service.get(COURSE, "key") == user_info().get(COURSE, "key") == 1


def test_the_time_of_a_change_is_stored() -> None:
    user_info().set(COURSE, "key", 1)
    first = tag().modified
    user_info().set(COURSE, "key", 1)
    assert tag().modified == first
    user_info().increment(COURSE, "key")
    second = tag().modified
    user_info().set(COURSE, "key", 3, expected=2)

    assert first < second < tag().modified


def together(work: Callable[[int], Any]) -> list[Exception]:
    """Do the work many times in several threads, and return the errors."""
    errors: list[Exception] = []

    def worker(number: int) -> None:
        try:
            for _ in range(TIMES):
                work(number)
        except Exception as error:  # noqa: BLE001 - any error is a failure
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=worker, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def each_isolation() -> Iterator[str]:
    for isolation in race.isolations():
        connections.close_all()
        race.set_isolation(isolation)
        user_info().delete(COURSE, "count")
        yield isolation


def test_no_count_is_lost() -> None:
    for isolation in each_isolation():
        assert together(lambda _: user_info().increment(COURSE, "count")) == []
        assert user_info().get(COURSE, "count") == 4 * TIMES, isolation


def test_no_count_is_lost_in_transactions() -> None:
    def work(_: int) -> None:
        with transaction.atomic():
            user_info().increment(COURSE, "count")

    race.set_isolation(race.isolations()[0])
    assert together(work) == []
    assert user_info().get(COURSE, "count") == 4 * TIMES


def test_no_count_is_lost_if_the_database_does_not_return_written_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(type(connection.features), "can_return_columns_from_insert", False)
    for isolation in each_isolation():
        assert together(lambda _: user_info().increment(COURSE, "count")) == []
        assert user_info().get(COURSE, "count") == 4 * TIMES, isolation


def test_no_count_is_lost_with_compare_and_swap() -> None:
    def work(_: int) -> None:
        service = user_info()
        while True:
            before: Any = service.get(COURSE, "count")
            try:
                service.set(COURSE, "count", (before or 0) + 1, expected=before)
            except Conflict:
                continue
            return

    for isolation in each_isolation():
        assert together(work) == []
        assert user_info().get(COURSE, "count") == 4 * TIMES, isolation


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="on SQLite no other transaction writes in between"
)
def test_a_transaction_older_than_a_count_adds_to_it_or_is_rolled_back() -> None:
    for isolation in each_isolation():
        counted = 0
        with suppress(NotStored), transaction.atomic():
            assert user_info().get(COURSE, "count") is None
            assert together(lambda _: user_info().increment(COURSE, "count")) == []
            counted = user_info().increment(COURSE, "count")

        assert counted in (0, 4 * TIMES + 1), isolation
        assert user_info().get(COURSE, "count") == max(4 * TIMES, counted), isolation


def test_concurrent_changes_of_different_keys_lose_nothing() -> None:
    def work(number: int) -> None:
        service = user_info()
        before: Any = service.get(COURSE, f"key{number}", 0)
        service.set(COURSE, f"key{number}", before + 1)

    for turn, isolation in enumerate(each_isolation(), 1):
        assert together(work) == []
        found = [user_info().get(COURSE, f"key{number}") for number in range(4)]
        assert found == [turn * TIMES] * 4, isolation


def test_dictionaries_stored_by_the_first_release_equal_their_expected_value() -> None:
    old = migrate([(APP, "0001_initial")]).get_model(APP, "Tag")
    values = ['{"b":{"d":1,"c":2},"a":1}', '"{}"', "7"]
    for number, value in enumerate(values):
        old.objects.create(user_id="ann", course_id=COURSE_ID, key=f"hint.key{number}", value=value)
    migrate(newest())

    for number, value in enumerate(values):
        user_info().set(COURSE, f"key{number}", "new", expected=json.loads(value))
    assert set(user_info().items(COURSE).values()) == {"new"}
