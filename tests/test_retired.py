"""A retired user's data is not stored again, whichever way it comes in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from hashlib import blake2b
from types import SimpleNamespace

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections, transaction
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from tests.blocks import block, user_info, user_segmentation
from tests.builders import COURSE_ID, course_xml, experiment, split_test_xml
from tests.recording import recording
from tests.test_gradebook import each_isolation
from tests.test_personal_data import columns_with, dump
from tests.test_races import many_times, together
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.database.sql import Question
from xblock_experiments.errors import RetiredUser
from xblock_experiments.experiments import api as experiments
from xblock_experiments.gradebook import api as gradebook
from xblock_experiments.platform.api import import_course_tags
from xblock_experiments.platform.tags import importing
from xblock_experiments.platform.tags.data import Fate, Row
from xblock_experiments.retired.api import ask, retired_among
from xblock_experiments.retired.models import RetiredHash
from xblock_experiments.services import COURSE, GLOBAL, PartitionService, UserTagsService
from xblock_experiments.testing import load_course, render, runtime_for
from xblock_experiments.user_tags import api as tags
from xblock_experiments.user_tags.data import Conflict, NoUser

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]
committed = pytest.mark.django_db(transaction=True)

ANN, BOB = "ann-5e1f", "bob-0b5c"
BLOCK = "block-v1:DemoX+Tests+2026+type@split_test+block@one"
PARTITION = "xblock.partition_service.partition_100"

put = partial(segmentations.put_in_group, COURSE_ID, 100, type="experiment")
assign = partial(experiments.assign_group, COURSE_ID, 100)
expose = partial(experiments.record_exposure, COURSE_ID, 100)
WRITES: dict[str, Callable[[str], object]] = {
    "put in a group": lambda who: put(who, 1),
    "assign": assign,
    "assign in several experiments": partial(experiments.assign_groups, COURSE_ID, [100]),
    "set a tag": lambda who: tags.set_tag(who, COURSE_ID, "hint.seen", 1),
    "set a missing tag": lambda who: tags.set_tag(who, None, "hint.seen", 1, expected=None),
    "count": lambda who: tags.increment_tag(who, COURSE_ID, "hint.seen"),
    "record a score": lambda who: gradebook.record_score(COURSE_ID, who, BLOCK, 1, 2),
    "record a higher score": lambda who: gradebook.record_score(
        COURSE_ID, who, BLOCK, 1, 2, only_if_higher=True
    ),
}
"""Calls that store something about a user who has no data yet."""
each_write = pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
RETIREMENTS: dict[str, Callable[[str], int]] = {
    "all stores": tags.retire_user,
    "segmentations": segmentations.retire_user,
    "experiments": experiments.retire_user,
    "gradebook": gradebook.retire_user,
}


@pytest.fixture(autouse=True)
def _course() -> None:
    segmentations.save_segmentations(COURSE_ID, [experiment(100)])


def mentions() -> set[str]:
    """Return the columns of all tables in which the user is named."""
    return columns_with(ANN, dump() | dump(kept=True))


def retire_ann() -> None:
    tags.retire_user(ANN)


@each_write
@pytest.mark.parametrize("outbox", [[], ["bus", "xapi"]], ids=["no outbox", "outbox"])
def test_a_write_about_a_retired_user_is_refused_without_a_trace_or_an_event(
    write: Callable[[str], object],
    outbox: list[str],
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "OUTBOX": outbox}
    tags.retire_user(ANN)
    with recording() as recorded, django_capture_on_commit_callbacks(execute=True):
        with pytest.raises(RetiredUser, match=repr(ANN)) as refused:
            write(ANN)
        write(BOB)

    assert refused.value.user_ids == {ANN}
    assert mentions() == set()
    assert {event.user_id for event, _ in recorded.entries} <= {BOB}
    assert columns_with(BOB, dump()) != set()


@pytest.mark.parametrize("retire", RETIREMENTS.values(), ids=RETIREMENTS)
@each_write
def test_a_user_whom_one_store_retires_is_retired_in_all(
    retire: Callable[[str], int], write: Callable[[str], object]
) -> None:
    retire(ANN)
    with pytest.raises(RetiredUser):
        write(ANN)

    assert mentions() == set()


def test_nothing_happens_where_there_is_nothing_to_store() -> None:
    tags.retire_user(ANN)

    assert expose(ANN, BLOCK) is False
    assert tags.delete_tag(ANN, COURSE_ID, "hint.seen") is False
    segmentations.remove_from_group(COURSE_ID, 100, ANN, 1, type="experiment")
    assert mentions() == set()


def test_an_assignment_of_many_users_leaves_out_the_retired_ones() -> None:
    many = [f"learner {number}" for number in range(50)]
    for user_id in (ANN, *many[:3]):
        tags.retire_user(user_id)

    assert experiments.assign_users(COURSE_ID, 100, [ANN]) == {}
    assert experiments.assign_users(COURSE_ID, 100, [*many, ANN, BOB]).total() == 48
    assert mentions() == set()
    members = segmentations.get_members(COURSE_ID, 100, type="experiment")
    assert {member.user_id for member in members} == {BOB, *many[3:]}


def test_ids_are_retired_exactly() -> None:
    tags.retire_user(ANN)
    others = [ANN.upper(), f"{ANN} ", f" {ANN}", "änn-5e1f", "🙂"]

    assert experiments.assign_users(COURSE_ID, 100, others).total() == len(others)
    assert retired_among([*others, ANN]) == {ANN}


def test_an_import_leaves_out_retired_users_and_says_how_many_rows() -> None:
    tags.retire_user(ANN)
    rows = [
        Row(number, user_id, COURSE_ID, key, "1")
        for number, (user_id, key) in enumerate(
            [(ANN, PARTITION), (BOB, PARTITION), (ANN, "pace"), (BOB, "pace"), (ANN, PARTITION)]
        )
    ]
    (batch,) = import_course_tags(rows)
    fates = {row.id: fate for row, fate in batch.judged}

    assert fates == {
        0: Fate.RETIRED,
        1: Fate.ENTERED,
        2: Fate.RETIRED,
        3: Fate.STORED,
        4: Fate.RETIRED,
    }
    assert mentions() == set()


def test_an_import_refuses_a_user_who_is_retired_in_the_meantime_and_can_be_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for key in (PARTITION, "pace"):
        RetiredHash.objects.all().delete()
        rows = [Row(1, ANN, COURSE_ID, key, "1"), Row(2, BOB, COURSE_ID, key, "1")]
        with monkeypatch.context() as patch:
            patch.setattr(importing, "retired_among", lambda _: frozenset())
            tags.retire_user(ANN)
            with pytest.raises(RetiredUser, match=ANN):
                list(import_course_tags(rows))

        (batch,) = import_course_tags(rows)
        assert {row.user_id: fate for row, fate in batch.judged} == {
            ANN: Fate.RETIRED,
            BOB: Fate.THERE,
        }
    assert mentions() == set()


def test_a_retired_member_of_staff_is_not_named_again() -> None:
    tags.retire_user(ANN)
    segmentations.save_segmentations(COURSE_ID, [experiment(100, name="Another")], actor=ANN)
    put(BOB, 1, actor=ANN)
    put(BOB, 2, actor=ANN)
    segmentations.remove_from_group(COURSE_ID, 100, BOB, 2, type="experiment", actor=ANN)

    assert mentions() == set()
    history = segmentations.get_history(COURSE_ID, 100, BOB, type="experiment")
    assert [(change.to_group_id, change.who) for change in history] == [
        (1, ""),
        (2, ""),
        (None, ""),
    ]


def test_counts_include_the_retired_under_each_group_and_version() -> None:
    for number in range(20):
        assign(f"learner {number}")
        expose(f"learner {number}", BLOCK)
    before = segmentations.count_members(COURSE_ID, 100), experiments.count_exposed(COURSE_ID, 100)
    for number in range(0, 20, 2):
        tags.retire_user(f"learner {number}")
        tags.retire_user(f"learner {number}")

    after = segmentations.count_members(COURSE_ID, 100), experiments.count_exposed(COURSE_ID, 100)
    assert after == before
    assert len(list(segmentations.get_members(COURSE_ID, 100, type="experiment"))) == 10
    assert len(list(experiments.get_exposures(COURSE_ID, 100))) == 10
    kept = dump(kept=True)["xblock_experiments_course_user_segmentation_retiredmembers"]
    assert {row["version"] for row in kept} == {1}
    assert sum(row["count"] for row in kept) == 10


def test_a_retired_visitor_is_shown_the_first_groups_arm_like_an_anonymous_one() -> None:
    course = load_course(course_xml(split_test_xml()))
    segmentations.save_segmentations(COURSE_ID, [experiment(100, weights=(0, 1))])
    assert "Text of arm 2" in render(course, BOB, "exp")
    tags.retire_user(ANN)
    page = render(course, ANN, "exp")

    assert "Text of arm 1" in page
    assert "Text of arm 2" not in page
    assert mentions() == set()
    assert experiments.get_group(COURSE_ID, 100, ANN) is None


def test_the_services_treat_a_retired_user_as_nobody() -> None:
    tags.retire_user(ANN)
    runtime = runtime_for(ANN)
    segmentation, info = user_segmentation(ANN, runtime=runtime), user_info(ANN, runtime=runtime)

    assert segmentation.assign(100).id == 1
    assert {id: group.id for id, group in segmentation.assign_all([100, 7]).items()} == {100: 1}
    assert segmentation.group(100) is None
    segmentation.record_exposure(100)
    for write in (
        lambda: info.set(COURSE, "seen", 1),
        lambda: info.set(GLOBAL, "seen", 1),
        lambda: info.increment(COURSE, "seen"),
    ):
        with pytest.raises(NoUser, match="retired"):
            write()
    assert info.get(COURSE, "seen") is None
    assert info.items(COURSE) == {}
    assert info.delete(COURSE, "seen") is False
    assert mentions() == set()


def test_the_platforms_services_treat_a_retired_user_as_nobody() -> None:
    tags.retire_user(ANN)
    asking = block(ANN)
    partitions = PartitionService(asking.runtime, asking)
    platform_tags = UserTagsService(asking.runtime, asking)
    platform_tags.set_tag("course", "pace", "slow")

    assert partitions.get_user_group_id_for_partition(SimpleNamespace(id=ANN), 100) == 1
    assert platform_tags.get_tag("course", "pace") is None
    assert mentions() == set()


def test_an_answer_of_a_retired_learner_is_not_scored_and_no_error(client: Client) -> None:
    client.get("/")
    tags.retire_user(ANN)
    asking = block(ANN)
    asking.runtime.publish(asking, "grade", {"value": 1, "max_value": 1})

    assert gradebook.get_scores(COURSE_ID, ANN) == {}
    assert mentions() == set()


def test_a_learner_who_is_retired_during_a_request_is_nobody_from_then_on() -> None:
    runtime = runtime_for(ANN)
    segmentation, info = user_segmentation(ANN, runtime=runtime), user_info(ANN, runtime=runtime)
    assert segmentation.group(100) is None
    assert info.get(COURSE, "seen") is None
    tags.retire_user(ANN)

    assert segmentation.assign(100).id == 1
    with pytest.raises(NoUser):
        info.set(COURSE, "seen", 1)
    assert mentions() == set()


def test_exposures_of_a_page_that_a_retirement_interrupts_are_not_recorded() -> None:
    segmentation = user_segmentation(ANN)
    with segmentation.together():
        segmentation.assign(100)
        segmentation.record_exposure(100)
        tags.retire_user(ANN)

    assert mentions() == set()


@committed
@each_write
def test_what_an_open_transaction_has_written_is_deleted_when_it_ends(
    write: Callable[[str], object],
) -> None:
    """Retire the user while a request has written and not committed."""
    if connection.vendor == "sqlite":
        pytest.skip("on SQLite the retirement waits for the request to end")
    for _ in each_isolation():
        RetiredHash.objects.all().delete()
        segmentations.save_segmentations(COURSE_ID, [experiment(100)])
        has_written, is_retiring = threading.Event(), threading.Event()

        def linger(done: threading.Event = has_written, go: threading.Event = is_retiring) -> None:
            with transaction.atomic():
                write(ANN)
                done.set()
                go.wait(0.3)

        def retire(done: threading.Event = has_written) -> None:
            assert done.wait(10)
            retire_ann()

        assert together(linger, retire) == []
        assert mentions() == set()


@committed
@each_write
def test_writes_that_race_with_a_retirement_leave_nothing(write: Callable[[str], object]) -> None:
    def try_to_write(_: int) -> None:
        with suppress(Conflict, RetiredUser):
            write(ANN)

    def retire(number: int) -> None:
        if number == 10:
            retire_ann()

    for _ in each_isolation():
        RetiredHash.objects.all().delete()
        segmentations.save_segmentations(COURSE_ID, [experiment(100)])

        assert together(*map(many_times, [try_to_write, try_to_write, retire])) == []
        assert mentions() == set()


@committed
@each_write
def test_a_transaction_that_began_before_the_retirement_stores_nothing_afterwards(
    write: Callable[[str], object],
) -> None:
    """Retire the user while a transaction has read and not written.

    On PostgreSQL under REPEATABLE READ, what the transaction stores stays until the next call.
    """
    if connection.vendor == "sqlite":
        pytest.skip("on SQLite the retirement waits for the transaction to end")
    for isolation in each_isolation():
        RetiredHash.objects.all().delete()
        segmentations.save_segmentations(COURSE_ID, [experiment(100)])
        with transaction.atomic(), suppress(RetiredUser):
            assert tags.get_tags(ANN, None) == {}
            assert together(retire_ann) == []
            write(ANN)

        is_blind = connection.vendor == "postgresql" and isolation != "read committed"
        assert bool(mentions()) == is_blind
        tags.retire_user(ANN)
        assert mentions() == set()


@committed
def test_a_retirement_that_is_rolled_back_retires_nobody() -> None:
    assign(ANN)
    with transaction.atomic():
        tags.retire_user(ANN)
        with pytest.raises(RetiredUser):
            tags.set_tag(ANN, None, "hint.seen", 1)
        transaction.set_rollback(True)

    assert segmentations.get_group_ids(COURSE_ID, 100, ANN) != frozenset()
    tags.set_tag(ANN, None, "hint.seen", 1)
    assert not RetiredHash.objects.exists()


@committed
def test_a_refusal_leaves_the_callers_transaction_usable() -> None:
    tags.retire_user(ANN)
    for write in WRITES.values():
        with transaction.atomic():
            with pytest.raises(RetiredUser):
                write(ANN)
            write(BOB)

    assert mentions() == set()
    assert columns_with(BOB, dump()) != set()
    connections.close_all()


def test_a_statement_on_another_database_than_the_hashes_is_given_the_answer() -> None:
    tags.retire_user(ANN)

    assert ask([ANN, BOB], "another") == Question("TRUE", [])
    assert ask([BOB], "another") == Question("FALSE", [])


def test_the_stored_hash_depends_on_the_key(settings: Settings) -> None:
    tags.retire_user(ANN)
    (digest,) = RetiredHash.objects.values_list("digest", flat=True)

    assert len(digest) == 32
    assert digest != blake2b(ANN.encode(), digest_size=16).hexdigest()
    assert retired_among([ANN]) == {ANN}
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "RETIRED_KEY": "another" * 99}
    assert retired_among([ANN]) == frozenset()


def test_a_hash_stays_the_same_in_all_releases(settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "RETIRED_KEY": "a key"}
    tags.retire_user("zoë")

    assert list(RetiredHash.objects.values_list("digest", flat=True)) == [
        "982e9eb016fea692affe028b9c74aaf0"
    ]


@pytest.mark.parametrize("retire", RETIREMENTS.values(), ids=RETIREMENTS)
def test_without_a_key_nobody_is_retired_in_production(
    retire: Callable[[str], int], settings: Settings
) -> None:
    assign(ANN)
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "RETIRED_KEY": ""}
    with pytest.raises(ImproperlyConfigured, match=r"RETIRED_KEY.* is empty"):
        retire(ANN)

    assert segmentations.get_group_ids(COURSE_ID, 100, ANN) != frozenset()
    settings.DEBUG = True
    retire(ANN)
    with pytest.raises(RetiredUser):
        tags.set_tag(ANN, None, "hint.seen", 1)
