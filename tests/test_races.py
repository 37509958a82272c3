"""First views that arrive together. tests/race.py says what a race is, and what none may do."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import product

import pytest
from django.db import connections

from tests import race

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.every_database,
    # All in one process, which keeps its callers.
    pytest.mark.xdist_group("races"),
]

LEARNERS = 3
"""In each race. `make race` has more."""

_processes: list[race.Processes] = []


def processes() -> race.Processes:
    if not _processes:
        _processes.append(race.Processes())
    return _processes[0]


@pytest.fixture(scope="module", autouse=True)
def _stop_processes() -> Iterator[None]:
    yield
    for each in _processes:
        each.stop()
    _processes.clear()


@pytest.fixture(autouse=True)
def _own_settings() -> Iterator[None]:
    """Races set the isolation of connections that are opened later."""
    database = connections.settings["default"]
    options = copy.copy(database["OPTIONS"])
    yield
    database["OPTIONS"] = options
    connections.close_all()


@pytest.mark.parametrize("kind", ["threads", "processes"])
@pytest.mark.parametrize("callers", [2, 4, 8])
@pytest.mark.parametrize(
    ("in_transaction", "edits"),
    [*product((False, True), ("nothing", "weights", "groups"))],
    ids=str,
)
def test_every_caller_is_told_the_one_group_that_is_stored(
    in_transaction: bool, edits: str, callers: int, kind: str
) -> None:
    for isolation in race.isolations():
        this = race.Race(isolation, in_transaction, callers, edits, kind)
        outcome = race.run(this, str(this), LEARNERS, processes)

        assert race.flaws(this, str(this), outcome) == []
        assert sum(map(len, outcome.told.values())) == 2 * LEARNERS * callers
