"""Events: one is emitted for each fact, after the fact is committed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from contextvars import Context
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from eventtracking.tracker import get_tracker
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import Settings

from tests.blocks import user_info, user_segmentation
from tests.builders import COURSE_ID, experiment, segmentation
from tests.recording import RecordedEvents, recording
from xblock_experiments import events
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.course_user_segmentation.data import Group
from xblock_experiments.events import context, tracking
from xblock_experiments.experiments import api as experiments
from xblock_experiments.services import COURSE, GLOBAL

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

COHORTS = segmentation(7, "list", (Group(1, "early"), Group(2, "late"), Group(3, "abroad")))

type Committing = Callable[[], AbstractContextManager[Any]]


@pytest.fixture
def committing(django_capture_on_commit_callbacks: Any) -> Committing:
    """Return a context manager that runs the on-commit callbacks of its block at its end."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def recorded(committing: Committing) -> Iterator[RecordedEvents]:
    segmentations.save_segmentations(COURSE_ID, (experiment(100), experiment(200), COHORTS))
    with recording() as recorded:
        yield recorded


def put(group_id: int, user_id: str = "ann", **where: Any) -> None:
    place = {"id": 100, "type": "experiment", **where}
    segmentations.put_in_group(
        COURSE_ID, place["id"], user_id, group_id, type=place["type"], actor="teacher"
    )


def test_an_assignment_emits_one_event(recorded: RecordedEvents, committing: Committing) -> None:
    with committing():
        group = user_segmentation().assign(100)
        user_segmentation().assign(100)
        user_segmentation().assign_all([100])

    (assigned,) = recorded.of(events.AssignedUserToPartition)
    assert (assigned.course_id, assigned.user_id) == (COURSE_ID, "ann")
    assert (assigned.partition_id, assigned.group_id) == (100, group.id)
    assert assigned.why == "assigned"
    assert recorded.names == [events.ASSIGNED]


def test_a_reassignment_event_has_the_previous_group(
    recorded: RecordedEvents, committing: Committing
) -> None:
    put(1)
    segmentations.save_segmentations(COURSE_ID, (experiment(100, 2, 3),))
    with committing():
        group = experiments.assign_group(COURSE_ID, 100, "ann")

    (left,) = recorded.of(events.UserReassigned)
    assert (left.from_group_id, left.to_group_id) == (1, group.id)
    assert (left.why, left.actor) == ("group removed", "")
    (assigned,) = recorded.of(events.AssignedUserToPartition)
    assert (assigned.group_id, assigned.why) == (group.id, "group removed")


def test_events_of_manual_moves_have_the_actor(
    recorded: RecordedEvents, committing: Committing
) -> None:
    with committing():
        put(1)
        put(2)
        put(2)
        segmentations.remove_from_group(
            COURSE_ID, 100, "ann", 2, type="experiment", actor="teacher"
        )

    assert [each.group_id for each in recorded.of(events.AssignedUserToPartition)] == [1, 2]
    moves = [
        (each.from_group_id, each.to_group_id, each.why, each.actor)
        for each in recorded.of(events.UserReassigned)
    ]
    assert moves == [(1, 2, "put", "teacher"), (2, None, "removed", "teacher")]


def test_an_exposure_emits_one_event_for_each_block(
    recorded: RecordedEvents, committing: Committing
) -> None:
    with committing():
        for _ in range(2):
            service = user_segmentation()
            service.assign(100)
            service.record_exposure(100)
        experiments.record_exposure(COURSE_ID, 100, "ann", "another block")

    exposed = recorded.of(events.UserExposed)
    assert len(exposed) == 2
    assert exposed[1].usage_id == "another block"
    assert {each.group_id for each in exposed} == {user_segmentation().assign(100).id}


def test_saving_emits_an_event_for_each_segmentation_that_changed(
    recorded: RecordedEvents, committing: Committing
) -> None:
    def save(*saved: Any) -> list[tuple[int, str, int]]:
        recorded.entries.clear()
        with committing():
            segmentations.save_segmentations(COURSE_ID, saved, actor="teacher")
        return [
            (each.partition_id, each.change, each.partition_version)
            for each in recorded.of(events.SegmentationSaved)
            if each.user_id == "teacher"
        ]

    assert save(experiment(100), experiment(200), COHORTS) == []
    assert save(experiment(200), experiment(100), COHORTS) == []
    assert save(experiment(200, name="renamed"), experiment(100)) == [
        (200, "changed", 2),
        (7, "removed", 2),
    ]
    assert save(experiment(200, name="renamed"), experiment(300), COHORTS) == [
        (300, "new", 1),
        (7, "returned", 3),
        (100, "removed", 2),
    ]


def test_an_event_is_emitted_if_a_tag_changes(
    recorded: RecordedEvents, committing: Committing
) -> None:
    with committing():
        user_info().set(COURSE, "seen", 1)
        user_info().set(COURSE, "seen", 1)
        user_info().set(GLOBAL, "speed", "slow")
        user_info().delete(COURSE, "seen")
        user_info().delete(COURSE, "seen")

    changed = [
        (each.course_id, each.key, each.deleted, each.value)
        for each in recorded.of(events.TagChanged)
    ]
    assert changed == [
        (COURSE_ID, "hint.seen", False, None),
        (None, "hint.speed", False, None),
        (COURSE_ID, "hint.seen", True, None),
    ]


def test_the_event_of_a_global_tag_has_the_course_in_which_it_changed(
    recorded: RecordedEvents, committing: Committing
) -> None:
    put(2)
    with events.user_context(COURSE_ID, "ann"), committing():
        user_info().set(GLOBAL, "speed", "slow")

    (context,) = recorded.contexts(events.TagChanged)
    assert context["course_id"] == COURSE_ID
    assert context["course_user_groups"] == {"experiment.100": [2]}


def test_no_event_is_emitted_for_a_change_that_is_rolled_back(
    recorded: RecordedEvents, committing: Committing
) -> None:
    with committing(), pytest.raises(ZeroDivisionError), transaction.atomic():
        experiments.assign_group(COURSE_ID, 100, "ann")
        put(3, id=7, type="list")
        user_info().set(COURSE, "seen", 1)
        raise ZeroDivisionError

    assert recorded.entries == []


def test_the_context_of_an_event_has_all_groups_of_its_user_including_its_own(
    recorded: RecordedEvents, committing: Committing
) -> None:
    put(2, id=200)
    put(1, id=7, type="list")
    put(1, "bob", id=200)
    with events.user_context(COURSE_ID, "ann") as known, committing():
        assert known["course_user_groups"] == {"experiment.200": [2], "list.7": [1]}
        put(3, id=7, type="list")
        group = experiments.assign_group(COURSE_ID, 100, "ann")

    assert recorded.contexts(events.AssignedUserToPartition)[-1:] == [
        {
            "course_id": COURSE_ID,
            "user_id": "ann",
            "course_user_groups": {
                "experiment.100": [group.id],
                "experiment.200": [2],
                "list.7": [1, 3],
            },
            "course_user_tags": {
                "xblock.partition_service.partition_100": str(group.id),
                "xblock.partition_service.partition_200": "2",
            },
        }
    ]


def test_removed_and_inactive_groups_are_in_no_context(
    recorded: RecordedEvents, committing: Committing
) -> None:
    put(1)
    put(1, id=200)
    put(1, id=7, type="list")
    segmentations.save_segmentations(
        COURSE_ID, (experiment(100, 2, 3), experiment(200, active=False), experiment(300))
    )
    with committing():
        group = experiments.assign_group(COURSE_ID, 300, "ann")

    (context,) = recorded.contexts(events.AssignedUserToPartition)
    assert context["course_user_groups"] == {"experiment.300": [group.id]}


def test_all_events_of_a_request_have_full_contexts_and_take_one_query(
    recorded: RecordedEvents, committing: Committing, django_assert_num_queries: Any
) -> None:
    put(2, id=200)
    put(1)
    render = events.ChildRender(
        course_id=COURSE_ID, user_id="ann", child_id="arm", usage_id="experiment"
    )
    with (
        django_assert_num_queries(1),
        events.user_context(COURSE_ID, "ann"),
        committing(),
    ):
        for _ in range(3):
            events.emit(render)

    groups = {"experiment.100": [1], "experiment.200": [2]}
    assert [each["course_user_groups"] for each in recorded.contexts(events.ChildRender)] == [
        groups
    ] * 3


def test_groups_that_a_service_has_read_are_not_read_again_for_events(
    recorded: RecordedEvents, committing: Committing, django_assert_num_queries: Any
) -> None:
    put(2, id=200)
    service = user_segmentation()
    with django_assert_num_queries(2), committing():
        group = service.assign(100)

    (context,) = recorded.contexts(events.AssignedUserToPartition)
    assert context["course_user_groups"] == {"experiment.100": [group.id], "experiment.200": [2]}


def test_events_of_many_users_have_full_contexts_and_take_one_query(
    recorded: RecordedEvents, committing: Committing, django_assert_max_num_queries: Any
) -> None:
    learners = [f"learner {number}" for number in range(50)]
    for learner in learners[:5]:
        put(2, learner, id=200)
    with django_assert_max_num_queries(5), committing():
        experiments.assign_users(COURSE_ID, 100, learners)

    contexts = {each["user_id"]: each for each in recorded.contexts(events.AssignedUserToPartition)}
    assert sorted(contexts) == sorted(learners)
    for event in recorded.of(events.AssignedUserToPartition):
        groups = {"experiment.100": [event.group_id]}
        if event.user_id in learners[:5]:
            groups["experiment.200"] = [2]
        assert contexts[event.user_id]["course_user_groups"] == groups


def test_an_event_inside_another_users_context_has_the_context_of_its_own_user(
    recorded: RecordedEvents, committing: Committing
) -> None:
    put(1, "bob", id=200)
    put(2, "ann", id=200)
    with events.user_context(COURSE_ID, "ann"), committing():
        experiments.assign_group(COURSE_ID, 100, "bob")
        experiments.assign_group(COURSE_ID, 100, "ann")

    contexts = recorded.contexts(events.AssignedUserToPartition)
    found = {each["user_id"]: each["course_user_groups"]["experiment.200"] for each in contexts}
    assert found == {"bob": [1], "ann": [2]}


def test_events_contain_the_tags_that_the_operator_lists(
    recorded: RecordedEvents, committing: Committing, settings: Settings
) -> None:
    settings.XBLOCK_EXPERIMENTS = {
        "EVENT_TAGS": ["hint.*"],
        "PRIVATE_TAGS": ["hint.secret*"],
    }
    info = user_info()
    info.set(COURSE, "seen", 2)
    info.set(COURSE, "secret", "hidden")
    info.set(GLOBAL, "speed", "slow")
    user_info(block_type="poll").set(COURSE, "answer", "yes")
    with events.user_context(COURSE_ID, "ann"), committing():
        put(1)
        info.set(COURSE, "seen", 3)
        info.set(COURSE, "secret", "still hidden")
        put(2)

    first, second, third = (
        each["course_user_tags"]
        for each in (
            *recorded.contexts(events.AssignedUserToPartition)[:1],
            *recorded.contexts(events.TagChanged)[-1:],
            *recorded.contexts(events.AssignedUserToPartition)[-1:],
        )
    )
    assert "hint.secret" not in {**first, **second, **third}
    assert {key for key in first if key.startswith(("hint", "poll"))} == {"hint.seen"}
    assert third["hint.seen"] == 3
    assert {each.key: each.value for each in recorded.of(events.TagChanged)[-2:]} == {
        "hint.seen": 3,
        "hint.secret": None,
    }


def test_an_event_without_a_user_has_no_user_in_its_context(
    recorded: RecordedEvents, committing: Committing
) -> None:
    with committing():
        segmentations.save_segmentations(COURSE_ID, (experiment(100, 1, 2, 3),))

    assert recorded.contexts(events.SegmentationSaved)[0] == {
        "course_id": COURSE_ID,
        "user_id": None,
        "course_user_groups": {},
        "course_user_tags": {},
    }


def test_an_event_is_emitted_even_if_reading_its_context_fails(
    recorded: RecordedEvents, committing: Committing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise DatabaseError

    monkeypatch.setitem(context._readers, "groups", fail)
    with committing():
        group = experiments.assign_group(COURSE_ID, 100, "ann")

    assert [each.group_id for each in recorded.of(events.AssignedUserToPartition)] == [group.id]


def test_after_a_lost_race_events_have_the_winners_group(
    recorded: RecordedEvents, committing: Committing
) -> None:
    with events.user_context(COURSE_ID, "ann") as known:
        service = user_segmentation()
        assert service.group(100) is None
        assert known["course_user_groups"] == {}
        with committing():
            elsewhere = Context()
            winners = elsewhere.run(experiments.assign_group, COURSE_ID, 100, "ann")
        with committing():
            assert service.assign(100) == winners
            user_info().set(COURSE, "seen", 1)

    assert recorded.names == [events.ASSIGNED, events.TAG_CHANGED]
    (context,) = recorded.contexts(events.TagChanged)
    assert context["course_user_groups"] == {"experiment.100": [winners.id]}


def test_an_event_has_its_own_group_even_if_no_query_sees_it_yet(
    recorded: RecordedEvents, committing: Committing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(context._readers, "groups", lambda *_: {})
    with committing():
        group = experiments.assign_group(COURSE_ID, 100, "ann")
        experiments.record_exposure(COURSE_ID, 100, "ann", "a block")

    groups = {"experiment.100": [group.id]}
    assert [context["course_user_groups"] for _, context in recorded.entries] == [groups, groups]


def test_a_change_inside_another_users_context_updates_the_outer_context(
    recorded: RecordedEvents, committing: Committing
) -> None:
    with events.user_context(COURSE_ID, "ann") as outer:
        assert outer["course_user_groups"] == {}
        with events.user_context(COURSE_ID, "bob"), committing():
            put(2, "ann")

        assert outer["course_user_groups"] == {"experiment.100": [2]}


def test_the_context_is_read_again_after_the_course_changes(
    recorded: RecordedEvents, committing: Committing
) -> None:
    put(1)
    with events.user_context(COURSE_ID, "ann") as context:
        assert context["course_user_groups"] == {"experiment.100": [1]}
        with committing():
            segmentations.save_segmentations(COURSE_ID, (experiment(100, 2, 3),))

        assert context["course_user_groups"] == {}


def test_generators_that_are_closed_late_leave_no_context_behind() -> None:
    def work(user_id: str) -> Iterator[None]:
        with events.user_context(COURSE_ID, user_id):
            yield

    first, second = work("ann"), work("bob")
    next(first)
    next(second)
    first.close()  # type: ignore[attr-defined]
    assert events.current() is not None
    second.close()  # type: ignore[attr-defined]

    assert events.current() is None


def circular() -> dict[str, Any]:
    data: dict[str, Any] = {}
    data["self"] = data
    return data


@pytest.mark.parametrize("data", [{1: "a", "b": 2, (1, 2): 3}, {1, 2}, circular(), float("nan")])
@pytest.mark.parametrize("has_tracking", [True, False])
def test_any_data_that_a_block_publishes_is_emitted_and_raises_no_error(
    *,
    recorded: RecordedEvents,
    committing: Committing,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    data: Any,
    has_tracking: bool,
) -> None:
    if not has_tracking:
        monkeypatch.setattr(tracking, "tracker", lambda: None)
    done: list[str] = []
    with caplog.at_level("INFO", "xblock_experiments.events"), committing():
        events.emit(events.BlockEvent(course_id=COURSE_ID, user_id="ann", name="odd", data=data))
        put(2)
        transaction.on_commit(lambda: done.append("by the host"))

    assert done == ["by the host"]
    assert recorded.names == ["odd", events.ASSIGNED]
    assert len(caplog.records) == 2
    for record in caplog.records:
        json.loads(record.getMessage(), parse_constant=pytest.fail)


def test_an_error_while_sending_an_event_does_not_stop_the_hosts_callbacks(
    recorded: RecordedEvents, committing: Committing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(tracking, "send", fail)
    done: list[str] = []
    with committing():
        put(2)
        transaction.on_commit(lambda: done.append("by the host"))

    assert done == ["by the host"]


def test_later_changes_of_published_data_do_not_change_the_event(
    recorded: RecordedEvents, committing: Committing
) -> None:
    data: dict[str, Any] = {"items": [1]}
    with committing():
        events.emit(events.BlockEvent(course_id=COURSE_ID, user_id="ann", name="odd", data=data))
        data["items"].append(2)

    assert recorded.of(events.BlockEvent)[0].data == {"items": [1]}


def test_a_listener_cannot_change_the_context_that_others_receive(
    recorded: RecordedEvents, committing: Committing
) -> None:
    def forge(context: dict[str, Any], **_: Any) -> None:
        context["course_user_groups"].clear()

    events.emitted.connect(forge)
    try:
        with events.user_context(COURSE_ID, "ann") as context, committing():
            put(2)
            put(1, id=200)
    finally:
        events.emitted.disconnect(forge)

    assert context["course_user_groups"] == {"experiment.100": [2], "experiment.200": [1]}


def test_a_failing_listener_does_not_stop_other_listeners(
    recorded: RecordedEvents, committing: Committing, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_: Any) -> None:
        raise ZeroDivisionError

    events.emitted.connect(fail)
    try:
        with caplog.at_level("INFO"), committing():
            experiments.assign_group(COURSE_ID, 100, "ann")
    finally:
        events.emitted.disconnect(fail)

    assert recorded.names == [events.ASSIGNED]
    assert any('"group_id"' in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("has_tracking", [True, False])
def test_an_event_is_one_line_of_json_with_and_without_event_tracking(
    *,
    recorded: RecordedEvents,
    committing: Committing,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    has_tracking: bool,
) -> None:
    if not has_tracking:
        monkeypatch.setattr(tracking, "tracker", lambda: None)
    with caplog.at_level("INFO", "xblock_experiments.events"), committing():
        put(2, id=200)
        group = experiments.assign_group(COURSE_ID, 100, "ann")

    (_, line) = [json.loads(record.getMessage()) for record in caplog.records]
    assert sorted(line) == ["context", "data", "name", "timestamp"]
    assert line["name"] == events.ASSIGNED
    assert line["data"]["group_id"] == group.id
    assert line["context"]["course_user_groups"]["experiment.200"] == [2]
    assert line["timestamp"].endswith("+00:00")


def test_events_of_other_packages_have_the_context_merged_into_the_sites(
    recorded: RecordedEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(2)
    sent: list[dict[str, Any]] = []
    tracker = get_tracker()
    monkeypatch.setattr(tracker.routing_backend, "send", sent.append)
    of_site = {"user_id": 17, "course_user_tags": {"site": "kept"}, "host": "here"}
    with tracker.context("site", of_site):
        with events.user_context(COURSE_ID, "ann"), events.user_context(COURSE_ID, "bob"):
            tracker.emit("problem_check", {})
        with events.user_context(COURSE_ID, "ann"):
            tracker.emit("problem_check", {})
        tracker.emit("afterwards", {})

    of_bob, of_ann, after = (each["context"] for each in sent)
    assert of_bob["course_user_groups"] == {}
    assert of_ann["course_user_groups"] == {"experiment.100": [2]}
    assert of_ann["course_user_tags"] == {
        "site": "kept",
        "xblock.partition_service.partition_100": "2",
    }
    assert (of_ann["user_id"], of_ann["host"], of_ann["course_id"]) == (17, "here", COURSE_ID)
    assert after == of_site


moves = st.lists(
    st.tuples(
        st.sampled_from([(100, "experiment"), (200, "experiment"), (7, "list")]),
        st.sampled_from(["put", "remove", "assign"]),
        st.integers(1, 2),
    ),
    max_size=8,
)


class AnyMoves(TestCase):
    def setUp(self) -> None:
        segmentations.save_segmentations(COURSE_ID, (experiment(100), experiment(200), COHORTS))

    @given(moves)
    def test_a_context_that_is_updated_equals_one_that_is_read_again(self, moves: Any) -> None:
        with events.user_context(COURSE_ID, "eva") as kept:
            assert kept["course_user_groups"] is not None
            for (id, type_), what, group_id in moves:
                with self.captureOnCommitCallbacks(execute=True):
                    move(what, id, type_, group_id)
                fresh = events.UserContext(COURSE_ID, "eva")
                assert dict(kept) == dict(fresh)


def move(what: str, id: int, type_: str, group_id: int) -> None:
    if what == "put":
        put(group_id, "eva", id=id, type=type_)
    elif what == "remove":
        segmentations.remove_from_group(COURSE_ID, id, "eva", group_id, type=type_)
    elif type_ == "experiment":
        experiments.assign_group(COURSE_ID, id, "eva")


@pytest.mark.usefixtures("recorded")
def test_the_events_of_a_batch_are_one_record_with_a_line_for_each(
    committing: Committing, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "tracker", lambda: None)
    with caplog.at_level("INFO", "xblock_experiments.events"), committing():
        experiments.assign_users(COURSE_ID, 100, ["ann", "bob\n"])

    (record,) = caplog.records
    formatter = tracking.LineFormatter("%(levelname)s %(name)s: %(message)s")
    lines = formatter.format(record).split("\n")
    prefix = "INFO xblock_experiments.events: "
    assert all(line.startswith(prefix) for line in lines)
    logged = [json.loads(line.removeprefix(prefix)) for line in lines]
    assert sorted(each["data"]["user_id"] for each in logged) == ["ann", "bob\n"]
