"""Queries that need it see the database as it was at one moment."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection, connections, transaction

from tests.builders import COURSE_ID, experiment
from xblock_experiments.course_user_segmentation.api import get_segmentations, save_segmentations
from xblock_experiments.database.snapshot import one_moment

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.every_database]


def count() -> int:
    return len(get_segmentations(COURSE_ID))


def elsewhere(work: Callable[[], object]) -> None:
    """Do the work in another connection, as another process would."""
    ours = connections["default"]
    other = connections["default"] = ours.copy()
    try:
        work()
    finally:
        connections["default"] = ours
        other.close()


def publish(*ids: int) -> None:
    save_segmentations(COURSE_ID, [experiment(id, 1, 2) for id in ids])


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite keeps no snapshot for readers")
def test_what_others_commit_is_not_seen_while_reading() -> None:
    publish(1)
    with one_moment("default") as reading:
        with reading():
            assert count() == 1
        elsewhere(lambda: publish(1, 2))
        with reading():
            assert count() == 1

        assert count() == 2


def test_what_the_caller_writes_in_between_is_committed_at_once() -> None:
    seen: list[int] = []
    with one_moment("default") as reading:
        with reading():
            count()
        publish(1)
        if connection.vendor != "sqlite":
            elsewhere(lambda: seen.append(count()))

    assert seen == ([] if connection.vendor == "sqlite" else [1])
    assert count() == 1


def test_the_transaction_of_a_caller_is_left_as_it_is() -> None:
    with transaction.atomic(), one_moment("default") as reading, reading():
        publish(1)
        assert count() == 1

    assert count() == 1
