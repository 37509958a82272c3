"""The outbox: stored events are sent to other systems, all at least once, in order per learner."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from tests import race
from tests.blocks import block
from tests.builders import COURSE_ID, experiment
from tests.listeners import ROOT, ReceivedEvent, Recorder, send_events
from tests.test_faults import url_of_test_database, wait_until
from tests.test_races import together
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.events import ListImported, emit
from xblock_experiments.events.models import WaitingEvent
from xblock_experiments.events.sending import count_waiting
from xblock_experiments.experiments import api as experiments
from xblock_experiments.user_tags import api as tags

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.every_database,
    pytest.mark.xdist_group("outbox"),
]

ASSIGNED = "org.openedx.learning.segmentation.assignment.created.v1"
REASSIGNED = "org.openedx.learning.segmentation.assignment.changed.v1"
EXPOSED = "org.openedx.learning.segmentation.exposure.created.v1"
SAVED = "org.openedx.learning.segmentation.definition.saved.v1"
TAGGED = "org.openedx.learning.user.tag.changed.v1"


@pytest.fixture(autouse=True)
def _bus(settings: Settings) -> Iterator[None]:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "OUTBOX": ["bus"]}
    settings.EVENT_BUS_PRODUCER = "tests.listeners.Recorder"
    Recorder.received = []
    Recorder.room = float("inf")
    segmentations.save_segmentations(COURSE_ID, [experiment(100, 1, 2)])
    discard_waiting_events()
    yield
    Recorder.received = []


def discard_waiting_events() -> None:
    send_events()
    Recorder.received.clear()


def send_and_receive() -> list[ReceivedEvent]:
    """Send the waiting events and return those that the bus received."""
    Recorder.received.clear()
    send_events()
    return list(Recorder.received)


def assign(*user_ids: str) -> None:
    for user_id in user_ids:
        experiments.assign_group(COURSE_ID, 100, user_id)


def put(user_id: str, group_id: int) -> None:
    segmentations.put_in_group(COURSE_ID, 100, user_id, group_id, type="experiment")


def expose(user_id: str, usage_id: str = "block") -> bool:
    return experiments.record_exposure(COURSE_ID, 100, user_id, usage_id)


def test_no_events_wait_if_no_system_is_configured(settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "OUTBOX": []}
    assign("ann")
    expose("ann")

    assert send_and_receive() == []


def test_each_change_is_sent_once_in_order() -> None:
    assign("ann")
    put("ann", 1)
    put("ann", 2)
    expose("ann")
    expose("ann")
    segmentations.remove_from_group(COURSE_ID, 100, "ann", 2, type="experiment")
    first = segmentations.get_history(COURSE_ID, 100, "ann", type="experiment")[0].to_group_id

    types = [event.type for event in send_and_receive()]
    moved = [REASSIGNED, ASSIGNED]
    assert types == [ASSIGNED, *moved * (2 if first == 2 else 1), EXPOSED, REASSIGNED]
    assert send_and_receive() == []


def test_tags_and_published_segmentations_are_sent_too() -> None:
    tags.set_tag("ann", COURSE_ID, "hint.pace", 3)
    segmentations.save_segmentations(COURSE_ID, [experiment(100, 1, 2, 3)], actor="bob")

    tagged, saved = send_and_receive()
    assert (tagged.type, tagged.data.key, tagged.data.user_id) == (TAGGED, "hint.pace", "ann")
    assert (saved.type, saved.data.segmentation.version, saved.data.actor) == (SAVED, 2, "bob")


def test_events_of_rolled_back_changes_are_not_sent() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        assign("ann")
        expose("ann")
        put("bob", 1)
        1 / 0  # noqa: B018 - fails

    assert send_and_receive() == []


def test_a_blocks_event_with_the_name_of_one_of_ours_is_not_sent() -> None:
    asking = block("ann")
    asking.runtime.publish(asking, "xmodule.partitions.assigned_user_to_partition", {"group_id": 1})

    assert send_and_receive() == []


def test_a_change_is_not_stored_if_its_event_cannot_be_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        1 / 0  # noqa: B018

    put("bob", 1)
    monkeypatch.setattr("xblock_experiments.events.outbox.contexts_of", fail)
    for change in (lambda: assign("ann"), lambda: put("ann", 1), lambda: expose("bob")):
        with pytest.raises(ZeroDivisionError):
            change()
    monkeypatch.undo()

    members = segmentations.get_members(COURSE_ID, 100, type="experiment")
    assert [member.user_id for member in members] == ["bob"]
    assert list(experiments.get_exposures(COURSE_ID, 100)) == []


def test_an_event_has_the_users_groups_at_its_time() -> None:
    put("ann", 1)
    put("ann", 2)

    stood = [json.loads(event.data.context)["course_user_groups"] for event in send_and_receive()]
    assert stood == [{"experiment.100": [group_id]} for group_id in (1, 2, 2)]


def test_bulk_assignment_sends_an_event_for_each_user() -> None:
    users = [f"user {number:03}" for number in range(250)]
    experiments.assign_users(COURSE_ID, 100, users)

    assert [event.data.user_id for event in send_and_receive()] == users


def test_storing_any_number_of_events_takes_two_queries_in_a_transaction(
    settings: Settings,
) -> None:
    ids = range(100, 125)
    segmentations.save_segmentations(COURSE_ID, [experiment(id, 1, 2) for id in ids])
    discard_waiting_events()
    on = settings.XBLOCK_EXPERIMENTS
    with CaptureQueriesContext(connection) as kept:
        experiments.assign_groups(COURSE_ID, ids, "ann")
    settings.XBLOCK_EXPERIMENTS = {**on, "OUTBOX": []}
    with CaptureQueriesContext(connection) as not_kept:
        experiments.assign_groups(COURSE_ID, ids, "bob")

    # One query reads the user's groups and one writes the events; the transaction adds two more.
    assert len(kept) == len(not_kept) + 2 + 2
    assert len(send_and_receive()) == 25


def test_events_that_the_bus_does_not_accept_still_wait() -> None:
    assign("ann", "bob", "cid")
    Recorder.room = 2
    with pytest.raises(BufferError):
        send_and_receive()
    first = list(Recorder.received)
    Recorder.room = float("inf")

    assert [event.data.user_id for event in first] == ["ann", "bob"]
    assert [event.data.user_id for event in send_and_receive()] == ["ann", "bob", "cid"]


def test_only_events_for_the_named_system_are_sent(settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "OUTBOX": ["bus", "xapi"]}
    assign("ann")

    wanted = r'xapi: XBLOCK_EXPERIMENTS\["XAPI"\] needs a text for KEY'
    with pytest.raises(CommandError, match=wanted):
        send_events("--sink", "xapi")
    assert Recorder.received == []
    send_events("--sink", "bus")
    assert len(Recorder.received) == 1


def test_a_failing_system_does_not_stop_the_others(settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "OUTBOX": ["xapi", "bus"]}
    assign("ann")

    with pytest.raises(CommandError, match="xapi"):
        send_events()
    assert len(Recorder.received) == 1


@pytest.mark.usefixtures("_own_isolation")
def test_concurrent_senders_send_each_event_once_in_order() -> None:
    for isolation in race.isolations():
        race.set_isolation(isolation)
        users = [f"{isolation}, user {number:03}" for number in range(650)]
        experiments.assign_users(COURSE_ID, 100, users)
        Recorder.received.clear()

        assert together(*[send_everything] * 3) == []
        assert [event.data.user_id for event in Recorder.received] == users


@pytest.fixture
def _own_isolation() -> Iterator[None]:
    database = connections.settings["default"]
    options = dict(database["OPTIONS"])
    yield
    database["OPTIONS"] = options
    connections.close_all()


def send_everything() -> None:
    from xblock_experiments.events.sending import send_page

    while send_page("bus", is_ended=lambda: False).sent:
        pass


def sender(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Start the command in a separate process."""
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "django", "send_events", *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": url_of_test_database(),
            "DJANGO_SETTINGS_MODULE": "tests.bus_settings",
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_events_of_a_killed_sender_are_sent_again_and_none_is_lost(
    tmp_path: Path,
) -> None:
    users = [f"user {number:03}" for number in range(250)]
    experiments.assign_users(COURSE_ID, 100, users)
    file = tmp_path / "received"
    with sender(KILL_AFTER="130", RECEIVED=str(file)) as process:
        process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL

    first, rest = file.read_text().split(), send_and_receive()
    # The first page was sent completely and its events were deleted.
    assert first[100:] == [event.id for event in rest[:30]]
    assert [event.data.user_id for event in rest] == users[100:]


def test_a_sender_that_is_asked_to_stop_sends_no_more_events() -> None:
    from xblock_experiments.events.sending import Page, send_page

    assign("ann", "bob", "cid")

    assert send_page("bus", is_ended=lambda: len(Recorder.received) == 2) == Page(2)
    assert [event.data.user_id for event in Recorder.received] == ["ann", "bob"]
    assert [event.data.user_id for event in send_and_receive()] == ["cid"]


def test_a_sender_that_runs_forever_sends_new_events_and_stops_at_a_signal(tmp_path: Path) -> None:
    file = tmp_path / "received"
    file.touch()
    with sender("--forever", KILL_AFTER="0", RECEIVED=str(file)) as process:
        for number, user_id in enumerate(("ann", "bob")):
            assign(user_id)
            wait_until(lambda many=number + 1: len(file.read_text().split()) == many, "sending")
        process.terminate()
        said, _ = process.communicate(timeout=60)

    assert process.returncode == 0, said
    assert sum(map(int, re.findall(r"bus: (\d+) sent, \d+ waiting", said))) == 2


@pytest.mark.usefixtures("_own_isolation")
@pytest.mark.parametrize("edits", ["nothing", "groups"])
@pytest.mark.parametrize("in_transaction", [False, True])
def test_concurrent_first_views_leave_one_event_for_each_change(
    in_transaction: bool, edits: str
) -> None:
    for isolation in race.isolations():
        this = race.Race(isolation, in_transaction, 4, edits, "threads")
        # no race of processes runs here
        outcome = race.run(this, str(this), 12, race.Processes)

        assert race.flaws(this, str(this), outcome) == []
        assert groups_sent(send_and_receive()) == groups_stored(this, outcome)


def groups_sent(events: list[ReceivedEvent]) -> dict[tuple[str, int], list[int]]:
    groups: dict[tuple[str, int], list[int]] = defaultdict(list)
    for event in events:
        if event.type == ASSIGNED:
            key = event.data.user_id, event.data.segmentation.id
            groups[key].append(event.data.group.id)
    return groups


def groups_stored(this: race.Race, outcome: race.Outcome) -> dict[tuple[str, int], list[int]]:
    return {
        (user_id, id): [
            change.to_group_id
            for change in segmentations.get_history(str(this), id, user_id, type="experiment")
            if change.to_group_id is not None
        ]
        for user_id, id in outcome.returned
    }


@pytest.mark.usefixtures("_own_isolation")
def test_learners_and_senders_do_not_block_each_other() -> None:
    """Run two senders while three threads of learners are assigned and exposed."""
    for isolation in race.isolations():
        race.set_isolation(isolation)
        Recorder.received.clear()
        learners = [[f"{isolation} {each} {number}" for number in range(40)] for each in range(3)]
        calls = [partial(learn, users) for users in learners]

        assert together(*calls, *[send_again_and_again] * 2) == []
        send_everything()
        times = Counter((event.data.user_id, event.type) for event in Recorder.received)
        assert set(times.values()) == {1}
        assert len(times) == 2 * 3 * 40


def send_again_and_again() -> None:
    for _ in range(40):
        send_everything()
        time.sleep(0.01)


def learn(user_ids: Sequence[str]) -> None:
    for user_id in user_ids:
        assign(user_id)
        assert expose(user_id)


def test_waiting_events_are_exported_and_deleted_with_their_user() -> None:
    put("ann", 1)
    put("bob", 1)
    (waiting,) = tags.export_user("ann")["waiting_events"]
    tags.retire_user("ann")

    assert waiting["data"]["group_id"] == 1
    assert [event.data.user_id for event in send_and_receive()] == ["bob"]


def test_an_export_names_neither_experiments_nor_arms() -> None:
    put("ann", 1)
    put("ann", 2)
    waiting = tags.export_user("ann")["waiting_events"]

    assert len(waiting) == 3
    assert [key for event in waiting for key in event["data"] if key.endswith("name")] == []


def test_retiring_staff_keeps_the_events_of_the_course_but_removes_the_actor() -> None:
    segmentations.save_segmentations(COURSE_ID, [experiment(100, 1, 2, 3)], actor="staff-5e1f")
    emit(
        ListImported(
            course_id=COURSE_ID,
            user_id="staff-5e1f",
            partition_id=100,
            partition_name="",
            partition_type="experiment",
            source="user course tags",
            entered=3,
        )
    )
    tags.retire_user("staff-5e1f")
    rows = list(WaitingEvent.objects.values())

    assert "staff-5e1f" not in str(rows)
    saved, imported = send_and_receive()
    assert (saved.type, saved.data.segmentation.version, saved.data.actor) == (SAVED, 2, None)
    assert (imported.data.entered, imported.data.actor) == (3, None)


def test_an_event_in_an_unknown_format_is_named_and_those_before_it_are_sent() -> None:
    assign("ann", "bob", "cid")
    (bob,) = WaitingEvent.objects.filter(user_id="bob")
    for change in ({"payload": "{}"}, {"payload": "[]"}, {"name": "of another release"}):
        WaitingEvent.objects.filter(pk=bob.pk).update(**change)
        with pytest.raises(CommandError, match=f"bus: Event {bob.event_id}"):
            send_events()

    assert [event.data.user_id for event in Recorder.received] == ["ann"]
    assert count_waiting("bus") == 2


def drop(*arguments: str) -> str:
    out = StringIO()
    call_command("send_events", "--drop", *arguments, stdout=out)
    return out.getvalue()


def test_an_event_that_blocks_the_others_can_be_dropped(settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "OUTBOX": ["bus", "xapi"]}
    assign("ann", "bob")
    ann = WaitingEvent.objects.filter(user_id="ann", sink="bus").get()
    said = drop(str(ann.event_id), "--sink", "bus")

    name = "xmodule.partitions.assigned_user_to_partition"
    assert said == f"bus: deleted {name} of {ann.created.isoformat()}.\n"
    assert count_waiting("xapi") == 2
    assert drop(str(ann.event_id)).startswith(f"xapi: deleted {name} of ")
    Recorder.received.clear()
    send_events("--sink", "bus")
    assert [event.data.user_id for event in Recorder.received] == ["bob"]


def test_an_event_that_does_not_wait_cannot_be_dropped() -> None:
    assign("ann")
    with pytest.raises(CommandError, match=f"No event {UUID(int=0)} is waiting for bus or xapi"):
        drop(str(UUID(int=0)))
    with pytest.raises(CommandError, match="invalid UUID value: 'ann'"):
        drop("ann")
    failure = pytest.raises(CommandError, match="The database failed")
    with failure, connection.execute_wrapper(failing):
        drop(str(waiting_ids()[0]))

    assert [event.data.user_id for event in send_and_receive()] == ["ann"]


def waiting_ids() -> list[UUID]:
    return [row.event_id for row in WaitingEvent.objects.order_by("pk")]


def test_a_database_error_is_reported_and_all_events_still_wait() -> None:
    assign("ann")
    refusal = pytest.raises(CommandError, match="bus: The database failed")
    with refusal, connection.execute_wrapper(failing):
        send_events()

    assert [event.data.user_id for event in send_and_receive()] == ["ann"]


def failing(execute: Any, sql: str, *rest: Any) -> Any:
    from django.db import OperationalError

    if sql.startswith("DELETE"):
        msg = "the disk is full"
        raise OperationalError(msg)
    return execute(sql, *rest)
