"""First views that arrive together. See tests/race.py for races and their invariants."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import pairwise, product

import pytest
from django.db import connections, transaction

from tests import race
from tests.builders import experiment
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.course_user_segmentation.data import UserSegmentation
from xblock_experiments.errors import NotStored, RetiredUser
from xblock_experiments.experiments.api import (
    assign_group,
    get_exposures,
    record_exposure,
)
from xblock_experiments.experiments.models import Exposure
from xblock_experiments.retired.models import RetiredHash

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.every_database,
    # run in one process, which reuses its callers
    pytest.mark.xdist_group("races"),
    pytest.mark.one_django,
]

LEARNERS = 3
"""The number of learners in each race. `make race` uses more."""
TIMES = 20
COURSE_ID = "a course with many hands"

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
    """Restore the isolation level, which races set for connections that are opened later."""
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
def test_every_caller_gets_the_one_group_that_is_stored(
    in_transaction: bool, edits: str, callers: int, kind: str
) -> None:
    for isolation in race.isolations():
        this = race.Race(isolation, in_transaction, callers, edits, kind)
        outcome = race.run(this, str(this), LEARNERS, processes)

        assert race.flaws(this, str(this), outcome) == []
        # The second of three learners views a page of all experiments.
        assert sum(map(len, outcome.returned.values())) == 2 * callers * (1 + len(race.IDS) + 1)


LISTS = [[experiment(100), experiment(200)], [experiment(100), experiment(300), experiment(400)]]


def together(*calls: Callable[[], None]) -> list[Exception]:
    """Make the calls in threads that start together, and return their errors."""
    barrier = threading.Barrier(len(calls))
    errors: list[Exception] = []

    def work(call: Callable[[], None]) -> None:
        barrier.wait()
        try:
            call()
        except Exception as error:  # noqa: BLE001 - any error is a failure
            errors.append(error)
        connections.close_all()

    threads = [threading.Thread(target=work, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def many_times(call: Callable[[int], None]) -> Callable[[], None]:
    def calls() -> None:
        for number in range(TIMES):
            call(number)

    return calls


def edit(listed: list[UserSegmentation], _: int) -> None:
    segmentations.save_segmentations(COURSE_ID, listed)


def put_and_take_out(number: int) -> None:
    group_id = 1 + number % 2
    segmentations.put_in_group(COURSE_ID, 100, "ann", group_id, type="experiment")
    segmentations.remove_from_group(COURSE_ID, 100, "ann", group_id, type="experiment")


def put_in_a_transaction(number: int) -> None:
    with transaction.atomic():
        segmentations.put_in_group(COURSE_ID, 100, "ann", 1 + number % 2, type="experiment")


def put_or_be_refused(number: int) -> None:
    with suppress(RetiredUser):
        put_and_take_out(number)


def assign_and_retire(number: int) -> None:
    with suppress(RetiredUser):
        assign_group(COURSE_ID, 100, "ann")
    if number >= TIMES // 2:
        segmentations.retire_user("ann")


def test_staff_editors_and_learners_do_not_block_each_other() -> None:
    """Run several of each for the same course and learner."""
    calls = [put_or_be_refused, put_or_be_refused, assign_and_retire, assign_and_retire]
    calls += [partial(edit, listed) for listed in LISTS]
    for isolation in race.isolations():
        segmentations.save_segmentations(COURSE_ID, [experiment(100)])
        race.set_isolation(isolation)
        connections.close_all()

        assert together(*map(many_times, calls)) == []
        assert list(segmentations.get_segmentations(COURSE_ID)) in LISTS
        versions = [version.version for version in segmentations.get_versions(COURSE_ID, 100)]
        assert versions == list(range(1, len(versions) + 1))
        assert list(segmentations.get_members(COURSE_ID, 100, type="experiment")) == []
        RetiredHash.objects.all().delete()


@pytest.mark.parametrize("published", [[], [experiment(100)]], ids=["first", "again"])
def test_concurrent_publications_of_a_course_are_serialized(
    published: list[UserSegmentation],
) -> None:
    for isolation in race.isolations():
        race.set_isolation(isolation)
        connections.close_all()
        for number in range(TIMES):
            course_id = f"{isolation} {number}"
            if published:
                segmentations.save_segmentations(course_id, published)
            publish = partial(segmentations.save_segmentations, course_id)

            assert together(*(partial(publish, listed) for listed in LISTS)) == []
            assert list(segmentations.get_segmentations(course_id)) in LISTS


def test_transactions_that_move_the_same_learner_wait_for_each_other() -> None:
    segmentations.save_segmentations(COURSE_ID, [experiment(100)])
    segmentations.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")

    assert together(*[many_times(put_in_a_transaction)] * 4) == []
    history = segmentations.get_history(COURSE_ID, 100, "ann", type="experiment")
    assert len(history) > 1
    assert all(one.to_group_id == two.from_group_id for one, two in pairwise(history))


def test_views_of_a_learner_who_is_moved_meanwhile_are_one_exposure_for_each_group() -> None:
    def show(_: int) -> None:
        record_exposure(COURSE_ID, 100, "ann", "block")

    def show_in_a_transaction(_: int) -> None:
        with transaction.atomic():
            record_exposure(COURSE_ID, 100, "ann", "block")

    segmentations.save_segmentations(COURSE_ID, [experiment(100)])
    for isolation in race.isolations():
        segmentations.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")
        race.set_isolation(isolation)
        connections.close_all()
        calls = [show, show, show_in_a_transaction, put_in_a_transaction]

        assert together(*map(many_times, calls)) == []
        for group_id in (1, 2):
            segmentations.put_in_group(COURSE_ID, 100, "ann", group_id, type="experiment")
            record_exposure(COURSE_ID, 100, "ann", "block")
        shown = [exposure.group_id for exposure in get_exposures(COURSE_ID, 100)]
        assert sorted(map(str, shown)) == ["1", "2"]
        Exposure.objects.all().delete()


@pytest.mark.parametrize("call", ["put", "take out", "retire"])
def test_a_row_newer_than_the_transaction_is_changed_or_raises_not_stored(call: str) -> None:
    """Check that a success is never reported for a change that was not made."""
    isolations = [each for each in race.isolations() if "strict" not in each]
    if "serializable" in isolations:
        pytest.skip("on SQLite no row can be newer than a writing transaction")
    for isolation in isolations:
        segmentations.save_segmentations(COURSE_ID, [experiment(100)])
        race.set_isolation(isolation)
        connections.close_all()
        is_said = False
        try:
            with transaction.atomic():
                segmentations.get_segmentations(COURSE_ID)
                put_first = partial(segmentations.put_in_group, COURSE_ID, 100, "ann", 1)
                assert together(partial(put_first, type="experiment")) == []
                if call == "put":
                    segmentations.put_in_group(COURSE_ID, 100, "ann", 2, type="experiment")
                elif call == "take out":
                    segmentations.remove_from_group(COURSE_ID, 100, "ann", 1, type="experiment")
                else:
                    segmentations.retire_user("ann")
        except NotStored:
            is_said = True

        expected = {1} if is_said else {2} if call == "put" else set()
        assert segmentations.get_group_ids(COURSE_ID, 100, "ann") == expected
        assert not (is_said and call == "put")
        segmentations.retire_user("ann")
        RetiredHash.objects.all().delete()
