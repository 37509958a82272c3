"""All queries of a transaction that needs it see the database as it was at one moment."""

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
def test_what_others_commit_is_not_seen_until_the_end() -> None:
    publish(1)
    with one_moment("default"):
        assert count() == 1
        elsewhere(lambda: publish(1, 2))
        assert count() == 1

    assert count() == 2


def test_the_next_transaction_has_the_isolation_of_before() -> None:
    with one_moment("default"):
        count()
    with transaction.atomic():
        assert count() == 0
        if connection.vendor != "sqlite":
            elsewhere(lambda: publish(1))
            assert count() == 1


def test_the_transaction_of_a_caller_is_left_as_it_is() -> None:
    with transaction.atomic(), one_moment("default"):
        publish(1)

    assert count() == 1
