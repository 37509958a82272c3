"""The type `experiment`: exactly one group for each learner."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from tests.builders import COURSE_ID, experiment, segmentation
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.course_user_segmentation.data import (
    InvalidId,
    NoSuchSegmentation,
    NotAssignable,
    UserSegmentation,
)
from xblock_experiments.course_user_segmentation.models import Membership
from xblock_experiments.experiments import api
from xblock_experiments.experiments.assignment import (
    choose_group,
    choose_group_of_leaver,
    salt_of,
)
from xblock_experiments.experiments.models import Exposure

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

USERS = [f"user {number}" for number in range(60)]


@pytest.fixture(autouse=True)
def _course() -> None:
    segmentations.save_segmentations(COURSE_ID, [experiment(100), experiment(200, 3, 4, 0)])


def save(*experiments: Any) -> None:
    segmentations.save_segmentations(COURSE_ID, experiments)


def assigned(id: int = 100) -> dict[str, int]:
    return {user_id: api.assign_group(COURSE_ID, id, user_id).id for user_id in USERS}


def test_a_user_is_assigned_the_chosen_group_and_stays_in_it() -> None:
    chosen = choose_group(experiment(100).groups, salt_of(COURSE_ID, experiment(100)), "ann")

    assert api.assign_group(COURSE_ID, 100, "ann") == chosen
    assert api.assign_group(COURSE_ID, 100, "ann") == chosen
    assert api.get_group(COURSE_ID, 100, "ann") == chosen


def test_reading_a_group_assigns_nobody() -> None:
    assert api.get_group(COURSE_ID, 100, "ann") is None
    assert list(segmentations.get_members(COURSE_ID, 100, type="experiment")) == []


def test_a_membership_has_its_reason_and_the_segmentations_version() -> None:
    api.assign_group(COURSE_ID, 100, "ann")
    save(experiment(100, 1, 2, 3))
    api.assign_group(COURSE_ID, 100, "bob")

    members = segmentations.get_members(COURSE_ID, 100, type="experiment")
    facts = [(member.user_id, member.why, member.version) for member in members]
    assert facts == [("ann", "assigned", 1), ("bob", "assigned", 2)]


def test_several_experiments_are_settled_together() -> None:
    groups = api.assign_groups(COURSE_ID, [100, 200, 999], "ann")

    assert groups == {
        100: api.assign_group(COURSE_ID, 100, "ann"),
        200: api.assign_group(COURSE_ID, 200, "ann"),
    }


def test_rows_are_always_written_in_the_same_order() -> None:
    """Check the order of rows: two transactions that write in different orders could deadlock."""
    ids = [100, 200, 300, 400]
    save(*map(experiment, ids))
    save(*map(experiment, (400, 100, 300, 200)))
    api.assign_groups(COURSE_ID, reversed(ids), "ann")

    rows = Membership.objects.order_by("pk").values_list("segmentation__number", flat=True)
    assert list(rows) == ids


def test_many_experiments_take_the_same_number_of_queries_as_one(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    ids = range(300, 325)
    save(*(experiment(id) for id in ids))

    with django_assert_num_queries(2):
        first = api.assign_groups(COURSE_ID, ids, "ann")
    with django_assert_num_queries(1):
        assert api.assign_groups(COURSE_ID, ids, "ann") == first
    assert len(first) == 25


@pytest.mark.parametrize("stored", [1, 2])
def test_the_group_that_was_stored_first_wins(stored: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let another request store a group after this one has read that there is none."""
    real = segmentations.get_standing

    def read_then_lose(*args: Any, **kwargs: Any) -> Any:
        standing = real(*args, **kwargs)
        monkeypatch.setattr(segmentations, "get_standing", real)
        segmentations.put_in_group(COURSE_ID, 100, "ann", stored, type="experiment")
        return standing

    monkeypatch.setattr(segmentations, "get_standing", read_then_lose)

    assert api.assign_group(COURSE_ID, 100, "ann").id == stored
    assert segmentations.get_group_ids(COURSE_ID, 100, "ann") == {stored}


def test_a_database_that_does_not_return_inserted_rows_gives_the_same_assignments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Check a database that cannot return inserted rows, for example MySQL."""
    monkeypatch.setattr(type(connection.features), "can_return_rows_from_bulk_insert", False)
    segmentations.put_in_group(COURSE_ID, 100, "ann", 2, type="experiment")

    groups = api.assign_groups(COURSE_ID, [100, 200], "ann")
    assert groups == api.assign_groups(COURSE_ID, [100, 200], "ann")
    assert groups[100].id == 2
    assert api.record_exposure(COURSE_ID, 100, "ann", "block")
    assert not api.record_exposure(COURSE_ID, 100, "ann", "block")


def test_a_learner_whom_staff_have_moved_concurrently_is_not_moved_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Let staff move the learner after another request has read that the group was removed."""
    segmentations.put_in_group(COURSE_ID, 100, "ann", 2, type="experiment")
    save(experiment(100, 1, 3, 4, weights=(1, 0, 0)))
    real = segmentations.move

    def too_late(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(segmentations, "move", real)
        segmentations.put_in_group(COURSE_ID, 100, "ann", 3, type="experiment")
        return real(*args, **kwargs)

    monkeypatch.setattr(segmentations, "move", too_late)

    assert api.assign_group(COURSE_ID, 100, "ann").id == 3
    assert segmentations.get_group_ids(COURSE_ID, 100, "ann") == {3}


def test_many_users_are_settled_and_counted() -> None:
    api.assign_group(COURSE_ID, 100, USERS[0])
    counts = api.assign_users(COURSE_ID, 100, USERS)

    assert counts == Counter(assigned().values())
    assert sum(counts.values()) == len(USERS)


def test_a_first_view_takes_two_queries_and_a_repeated_one_takes_one(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(2):
        api.assign_group(COURSE_ID, 100, "ann")
    with django_assert_num_queries(1):
        api.assign_group(COURSE_ID, 100, "ann")


def test_new_weights_move_no_assigned_user() -> None:
    before = assigned()
    save(experiment(100, weights=(0, 1)))

    assert assigned() == before
    assert api.assign_group(COURSE_ID, 100, "somebody new").id == 2


def test_a_new_group_gets_only_the_unassigned() -> None:
    before = assigned()
    save(experiment(100, 1, 2, 3, weights=(0, 0, 1)))

    assert assigned() == before
    assert api.assign_group(COURSE_ID, 100, "somebody new").id == 3


def test_users_of_a_removed_group_are_reassigned_and_the_history_says_so() -> None:
    before = assigned()
    save(experiment(100, 1))
    after = assigned()

    assert set(after.values()) == {1}
    moved = next(user_id for user_id in USERS if before[user_id] == 2)
    history = segmentations.get_history(COURSE_ID, 100, moved, type="experiment")
    moves = [(change.from_group_id, change.to_group_id, change.why) for change in history]
    assert moves == [(None, 2, "assigned"), (2, 1, "group removed")]


def test_the_leavers_of_a_removed_group_are_spread_over_all_that_are_left() -> None:
    """Check three equal arms, the first of which is removed."""
    users = [f"learner {number}" for number in range(300)]
    save(experiment(100, 1, 2, 3))
    before = {user_id: api.assign_group(COURSE_ID, 100, user_id).id for user_id in users}
    leavers = [user_id for user_id in users if before[user_id] == 1]
    save(experiment(100, 2, 3))

    counts = api.assign_users(COURSE_ID, 100, leavers)

    assert set(counts) == {2, 3}
    assert abs(counts[2] - len(leavers) / 2) < 4 * math.sqrt(len(leavers)) / 2
    salt = salt_of(COURSE_ID, experiment(100))
    for user_id in leavers:
        expected = choose_group_of_leaver(experiment(100, 2, 3).groups, salt, user_id, 1)
        assert api.get_group(COURSE_ID, 100, user_id) == expected


def test_a_user_who_leaves_several_groups_is_drawn_by_the_one_left_last() -> None:
    segmentations.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")
    salt = salt_of(COURSE_ID, experiment(100))
    removed = 1
    for number, left in enumerate([(2, 3, 4, 5), (6, 7, 8, 9), (1, 2, 3, 4), (5, 6, 7)]):
        now = experiment(100, *left)
        save(now)
        expected = choose_group_of_leaver(now.groups, salt, "ann", removed)

        assert segmentations.get_standing(COURSE_ID, 100, "ann").group_ids == {removed}
        assert api.assign_group(COURSE_ID, 100, "ann") == expected, number
        removed = expected.id


def test_a_predicted_leaver_gets_the_group_that_is_assigned_later() -> None:
    users = [f"learner {number}" for number in range(30)]
    for user_id in users:
        segmentations.put_in_group(COURSE_ID, 100, user_id, 1, type="experiment")
    save(experiment(100, 2, 3))
    standings = segmentations.get_standings_of(COURSE_ID, 100, users)

    predicted = [standing.groups[0] for standing in api.predict_assignments(standings)]

    assert len({group.id for group in predicted}) == 2
    assert [api.assign_group(COURSE_ID, 100, user_id) for user_id in users] == predicted


def test_every_change_keeps_the_version_under_which_it_was_made() -> None:
    save(experiment(100, 1), experiment(200, 3, 4, 0))
    api.assign_group(COURSE_ID, 100, "ann")
    save(experiment(100, 2))
    api.assign_group(COURSE_ID, 100, "ann")
    save(experiment(100, 2, 3))
    segmentations.put_in_group(COURSE_ID, 100, "ann", 3, type="experiment", actor="staff")
    save(experiment(100, 3, name="renamed"))
    segmentations.remove_from_group(COURSE_ID, 100, "ann", 3, type="experiment")
    save(experiment(100, 3, 4))
    api.assign_group(COURSE_ID, 100, "ann")

    history = segmentations.get_history(COURSE_ID, 100, "ann", type="experiment")
    facts = [(change.to_group_id, change.why, change.version) for change in history]
    assert facts[:-1] == [
        (1, "assigned", 2),
        (2, "group removed", 3),
        (3, "put", 4),
        (None, "removed", 5),
    ]
    assert facts[-1][1:] == ("assigned", 6)
    assert not any(change.version_by_time for change in history)


def test_a_group_that_returns_has_the_members_who_were_not_reassigned() -> None:
    before = assigned()
    seen, unseen = [user_id for user_id in USERS if before[user_id] == 2][:2]
    save(experiment(100, 1))
    assert api.get_group(COURSE_ID, 100, seen) is None
    api.assign_group(COURSE_ID, 100, seen)
    save(experiment(100, 1, 2))

    assert api.get_group(COURSE_ID, 100, seen).id == 1  # type: ignore[union-attr]
    assert api.get_group(COURSE_ID, 100, unseen).id == 2  # type: ignore[union-attr]


@pytest.mark.parametrize("change", ["removed", "inactive"])
def test_an_inactive_experiment_gives_nobody_a_group_until_it_is_active_again(change: str) -> None:
    before = assigned()
    save(*([] if change == "removed" else [experiment(100, active=False)]))

    assert api.get_group(COURSE_ID, 100, USERS[0]) is None
    with pytest.raises(NotAssignable, match="inactive"):
        api.assign_group(COURSE_ID, 100, USERS[0])
    with pytest.raises(NotAssignable, match="inactive"):
        api.assign_group(COURSE_ID, 100, "somebody new")
    save(experiment(100))
    assert assigned() == before


@pytest.mark.parametrize(
    "broken", [segmentation(100, "experiment", ()), experiment(100, 1, 2, weights=(0, 0))]
)
def test_an_experiment_that_cannot_assign_raises_an_error_and_writes_nothing(
    broken: UserSegmentation,
) -> None:
    save(broken, experiment(200))

    with pytest.raises(NotAssignable):
        api.assign_group(COURSE_ID, 100, "ann")
    assert set(api.assign_groups(COURSE_ID, [100, 200], "ann")) == {200}
    assert list(segmentations.get_members(COURSE_ID, 100, type="experiment")) == []


def test_an_unknown_experiment_is_named_in_the_error() -> None:
    for call in (api.assign_group, api.get_group):
        with pytest.raises(NoSuchSegmentation, match=r"'course-v1:Other.* has no segmentation 100"):
            call("course-v1:Other+Course+1", 100, "ann")


def test_a_user_id_that_cannot_be_stored_is_refused() -> None:
    for user_id in ("", "x" * 256, "\x00"):
        with pytest.raises(InvalidId):
            api.assign_group(COURSE_ID, 100, user_id)
        with pytest.raises(InvalidId):
            api.record_exposure(COURSE_ID, 100, user_id, "block")


def test_an_exposure_is_recorded_only_the_first_time() -> None:
    segmentations.put_in_group(COURSE_ID, 100, "ann", 2, type="experiment")

    assert api.record_exposure(COURSE_ID, 100, "ann", "block 1")
    assert not api.record_exposure(COURSE_ID, 100, "ann", "block 1")
    assert api.record_exposure(COURSE_ID, 100, "ann", "block 2")

    assert exposures() == [("ann", "block 1", 2), ("ann", "block 2", 2)]
    assert list(api.get_exposures(COURSE_ID, 200)) == []


def exposures() -> list[tuple[str, str, int | None]]:
    return [(e.user_id, e.usage_id, e.group_id) for e in api.get_exposures(COURSE_ID, 100)]


def test_a_learner_who_is_moved_is_exposed_to_the_second_arm_of_the_same_block() -> None:
    segmentations.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")
    assert api.record_exposure(COURSE_ID, 100, "ann", "block")
    save(experiment(100, 2))
    api.assign_group(COURSE_ID, 100, "ann")

    assert api.record_exposure(COURSE_ID, 100, "ann", "block")
    assert not api.record_exposure(COURSE_ID, 100, "ann", "block")
    save(experiment(100, 1, 2))
    segmentations.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")
    assert not api.record_exposure(COURSE_ID, 100, "ann", "block")

    assert exposures() == [("ann", "block", 1), ("ann", "block", 2)]
    assert api.count_exposed(COURSE_ID, 100) == {"block": {1: 1, 2: 1}}


@pytest.mark.parametrize("standing", ["new", "of a removed group", "of an inactive experiment"])
def test_nobody_without_a_group_is_exposed(
    standing: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    if standing != "new":
        segmentations.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")
        save(experiment(100, 2) if "removed" in standing else experiment(100, active=False))

    with django_assert_num_queries(1):
        assert not api.record_exposure(COURSE_ID, 100, "ann", "block")
    assert exposures() == []
    assert api.count_exposed(COURSE_ID, 100) == {}


def test_arms_of_several_blocks_are_looked_up_and_recorded_in_one_query_each(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    api.assign_groups(COURSE_ID, [100, 200], "ann")
    standings = segmentations.get_standings(COURSE_ID, [100, 200], "ann")
    shown = [(standings[id], f"block {number}") for id in (100, 200) for number in range(3)]

    with django_assert_num_queries(2):
        api.record_exposures(api.unrecorded(shown))
    with django_assert_num_queries(1):
        assert api.unrecorded([*shown, *shown]) == []


def test_the_database_refuses_a_second_exposure_of_a_block_and_group() -> None:
    segmentations.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")
    api.record_exposure(COURSE_ID, 100, "ann", "block")
    row = Exposure.objects.get()
    row.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()
    row.group_id = 2
    row.save()
    row.pk, row.group_id = None, None  # type: ignore[assignment]
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def test_an_exposure_has_the_users_group_if_the_caller_names_none() -> None:
    group = api.assign_group(COURSE_ID, 100, "ann")
    api.record_exposure(COURSE_ID, 100, "ann", "block 1")

    assert [exposure.group_id for exposure in api.get_exposures(COURSE_ID, 100)] == [group.id]


def test_exposures_belong_to_one_course() -> None:
    other = "course-v1:Other+Course+1"
    segmentations.save_segmentations(other, [experiment(100)])
    for course_id in (COURSE_ID, other):
        segmentations.put_in_group(course_id, 100, "ann", 1, type="experiment")

    assert api.record_exposure(COURSE_ID, 100, "ann", "block")
    assert api.record_exposure(other, 100, "ann", "block")


@pytest.mark.parametrize("id", [-5, 2**40, None, "100"])
def test_an_exposure_to_an_unknown_experiment_is_refused(id: Any) -> None:
    with pytest.raises(NoSuchSegmentation):
        api.record_exposure(COURSE_ID, id, "ann", "block")


def test_an_assignment_is_one_event_with_open_edxs_names(
    caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    with (
        caplog.at_level("INFO", "xblock_experiments.events"),
        django_capture_on_commit_callbacks(execute=True),
    ):
        group = api.assign_group(COURSE_ID, 100, "ann")
        api.assign_group(COURSE_ID, 100, "ann")
        api.get_group(COURSE_ID, 100, "ann")

    (event,) = [json.loads(record.message) for record in caplog.records]
    assert event["name"] == "xmodule.partitions.assigned_user_to_partition"
    assert event["data"] == {
        "course_id": COURSE_ID,
        "user_id": "ann",
        "partition_id": 100,
        "partition_name": "experiment 100",
        "partition_type": "experiment",
        "partition_version": 1,
        "group_id": group.id,
        "group_name": group.name,
        "why": "assigned",
    }


def test_an_assignment_that_is_rolled_back_emits_no_event(
    caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    def fail() -> None:
        with transaction.atomic():
            api.assign_group(COURSE_ID, 100, "ann")
            raise ZeroDivisionError

    with (
        caplog.at_level("INFO", "xblock_experiments.events"),
        django_capture_on_commit_callbacks(execute=True),
        pytest.raises(ZeroDivisionError),
    ):
        fail()

    assert caplog.records == []
    assert api.get_group(COURSE_ID, 100, "ann") is None
