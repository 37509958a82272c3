"""Events on Open edX's event bus: their schemas, and delivery through a Redis without loss."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import UTC
from typing import Any

import pytest
from django.core.management import CommandError
from django.utils import timezone
from edx_event_bus_redis.internal.consumer import RedisEventConsumer
from edx_event_bus_redis.internal.message import RedisMessage
from edx_event_bus_redis.internal.producer import RedisEventProducer, create_producer
from hypothesis import given
from hypothesis import strategies as st
from openedx_events.event_bus.avro.deserializer import deserialize_bytes_to_event_data
from openedx_events.event_bus.avro.schema import schema_from_signal
from openedx_events.event_bus.avro.serializer import serialize_event_data_to_bytes
from openedx_events.tooling import OpenEdxPublicSignal
from pytest_django import Settings
from walrus.database import Database

from tests.builders import COURSE_ID, experiment
from tests.listeners import Redis, redis, send_events
from xblock_experiments import events
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.events import openedx
from xblock_experiments.events.openedx import DEFINITIONS
from xblock_experiments.experiments import api as experiments
from xblock_experiments.user_tags import api as tags

pytestmark = pytest.mark.xdist_group("event bus")

ids = st.integers(0, 2**31 - 1)
texts = st.text(min_size=1)
PAYLOADS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    events.ASSIGNED: {"partition_version": ids.map(lambda id: id + 1), "group_id": ids},
    events.EXPOSED: {"group_id": st.none() | ids},
    events.LIST_IMPORTED: {"entered": ids, "user_id": st.none() | texts},
    events.REASSIGNED: {"from_group_id": ids, "to_group_id": st.none() | ids, "actor": st.text()},
    events.SEGMENTATION_SAVED: {
        "partition_version": ids.map(lambda id: id + 1),
        "user_id": st.none() | texts,
    },
    events.TAG_CHANGED: {
        "course_id": st.none() | texts,
        "deleted": st.booleans(),
        "value": st.none() | st.booleans() | st.text() | st.lists(st.integers()),
    },
}
"""The payload keys of each event that may hold values other than text."""
KINDS: dict[str, type[events.Event]] = {
    kind.name: kind
    for kind in (
        events.AssignedUserToPartition,
        events.ListImported,
        events.SegmentationSaved,
        events.TagChanged,
        events.UserExposed,
        events.UserReassigned,
    )
}


@st.composite
def data(draw: st.DrawFn, name: str) -> dict[str, object]:
    kind = KINDS[name]
    values = {"partition_id": ids, **PAYLOADS[name]}
    drawn = {field.name: draw(values.get(field.name, texts)) for field in fields(kind)}
    return DEFINITIONS[name].data(kind(**drawn).payload(), json.dumps(draw(st.text())))


@pytest.mark.parametrize("name", DEFINITIONS)
@given(draw=st.data())
def test_events_survive_a_round_trip_through_avro(name: str, draw: st.DataObject) -> None:
    sent = draw.draw(data(name))
    signal = DEFINITIONS[name].signal
    carried = serialize_event_data_to_bytes(sent, signal)

    assert deserialize_bytes_to_event_data(carried, signal) == sent


def test_group_0_is_distinguished_from_no_group() -> None:
    for group_id in (0, None):
        moved = events.UserReassigned(
            course_id=COURSE_ID,
            user_id="ann",
            partition_id=0,
            partition_name="",
            partition_type="list",
            from_group_id=0,
            to_group_id=group_id,
            why="put",
            actor="",
        )
        sent = DEFINITIONS[moved.name].data(moved.payload(), "{}")
        carried = serialize_event_data_to_bytes(sent, openedx.ASSIGNMENT_CHANGED)
        read = deserialize_bytes_to_event_data(carried, openedx.ASSIGNMENT_CHANGED)["reassignment"]

        assert read.from_group.id == 0
        assert (read.to_group and read.to_group.id) == group_id


@pytest.mark.parametrize("name", DEFINITIONS)
def test_the_key_of_an_event_is_one_of_its_text_fields(name: str) -> None:
    """Check the key field: Kafka's producer uses its value to keep related events in order."""
    definition = DEFINITIONS[name]
    record: Any = schema_from_signal(definition.signal)
    for part in definition.key_field.split("."):
        (record,) = (field["type"] for field in record["fields"] if field["name"] == part)

    assert record == "string"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    with redis(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
def bus(server: Redis, settings: Settings) -> Iterator[Redis]:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "OUTBOX": ["bus"]}
    settings.EVENT_BUS_PRODUCER = "edx_event_bus_redis.create_producer"
    settings.EVENT_BUS_REDIS_CONNECTION_URL = server.url
    segmentations.save_segmentations(COURSE_ID, [experiment(100, 1, 2)])
    send_events()
    client = Database.from_url(server.url)
    client.flushall()
    yield server
    client.close()


def on_the_bus(server: Redis) -> list[tuple[str, Any]]:
    """Id and content of each event in the stream, in order."""
    client = Database.from_url(server.url)
    read = []
    for raw in client.xrange("experiments") or ():
        message = RedisMessage.parse(raw, "experiments")
        signal = OpenEdxPublicSignal.get_signal_by_type(message.event_metadata.event_type)
        (content,) = deserialize_bytes_to_event_data(message.event_data, signal).values()
        read.append((str(message.event_metadata.id), content))
    client.close()
    return read


def move_about(user_id: str, group_ids: Sequence[int]) -> None:
    for group_id in group_ids:
        segmentations.put_in_group(COURSE_ID, 100, user_id, group_id, type="experiment")


def groups_on_the_bus(server: Redis) -> dict[str, list[int]]:
    """Return the groups that each learner entered, in the order of their first events."""
    groups: dict[str, list[int]] = defaultdict(list)
    for content in dict(on_the_bus(server)).values():
        if isinstance(content, openedx.AssignmentData):
            groups[content.user_id].append(content.group.id)
    return groups


@pytest.mark.django_db(transaction=True)
def test_a_consumer_receives_each_event_with_its_time(bus: Redis, settings: Settings) -> None:
    experiments.assign_group(COURSE_ID, 100, "ann")
    experiments.record_exposure(COURSE_ID, 100, "ann", "block")
    tags.set_tag("ann", None, "hint.pace", {"speed": 0})
    afterwards = timezone.now()
    send_events()
    heard: list[tuple[Any, Any]] = []
    consumer = RedisEventConsumer("experiments", "analytics", "one", check_backlog=True)

    def hear(metadata: Any, **received: Any) -> None:
        (content,) = (each for key, each in received.items() if hasattr(each, "__attrs_attrs__"))
        heard.append((metadata, content))
        if len(heard) == 3:
            consumer._shut_down()

    signals = [openedx.ASSIGNMENT_CREATED, openedx.EXPOSURE_CREATED, openedx.TAG_CHANGED]
    for signal in signals:
        signal.connect(hear)
    consumer.consume_indefinitely()
    for signal in signals:
        signal.disconnect(hear)

    (assigned, assignment), (exposed, exposure), (_, tag) = heard
    (change,) = segmentations.get_history(COURSE_ID, 100, "ann", type="experiment")
    assert assignment.group.id == exposure.group.id == change.to_group_id
    assert assigned.time.tzinfo == UTC
    assert change.when <= assigned.time <= exposed.time <= afterwards
    assert len({metadata.id for metadata, _ in heard}) == 3
    assert (tag.course_id, json.loads(tag.value)) == (None, None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.every_database
def test_a_restarted_redis_receives_all_events_in_order(bus: Redis) -> None:
    move_about("ann", [1, 2, 1])
    move_about("bob", [1, 2])
    send_events()
    bus.stop()
    move_about("ann", [2, 1, 2])
    move_about("cid", [2, 1])
    with pytest.raises(CommandError, match="Redis did not store event"):
        send_events()
    bus.start()
    experiments.record_exposure(COURSE_ID, 100, "cid", "block")
    send_events()

    received = on_the_bus(bus)
    assert groups_on_the_bus(bus) == {"ann": [1, 2, 1, 2, 1, 2], "bob": [1, 2], "cid": [2, 1]}
    assert isinstance(received[-1][1], openedx.ExposureData)
    assert len({id for id, _ in received}) == len(received)


@pytest.mark.django_db(transaction=True)
def test_no_event_is_lost_if_redis_stops_while_events_are_sent(
    bus: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = "ann", "bob", "cid"
    for user_id in users:
        move_about(user_id, [1, 2] * 15)
    add = Database.Stream
    added: list[str] = []

    def stop_in_the_middle(self: Database, name: str) -> Any:
        added.append(name)
        if len(added) == 42:
            bus.stop()
        return add(self, name)

    monkeypatch.setattr(Database, "Stream", stop_in_the_middle)
    with pytest.raises(CommandError, match="Redis did not store event"):
        send_events()
    bus.start()
    assert len(on_the_bus(bus)) == 41
    send_events()

    assert groups_on_the_bus(bus) == dict.fromkeys(users, [1, 2] * 15)
    ids = [id for id, _ in on_the_bus(bus)]
    assert len(ids) == len(set(ids)) == 3 * (1 + 29 * 2)


class OwnProducer(RedisEventProducer):
    """A site's own subclass of the Redis producer. It records the topics that it is sent."""

    def __init__(self, client: Any, noted: list[str]) -> None:
        super().__init__(client)
        self.noted = noted

    def send(self, **event: Any) -> None:
        self.noted.append(event["topic"])
        super().send(**event)


NOTED: list[str] = []


def own_producer() -> OwnProducer:
    producer: Any = create_producer()
    return OwnProducer(producer.client, NOTED)


@pytest.mark.django_db(transaction=True)
def test_a_sites_own_redis_producer_is_used_and_loses_no_event(
    bus: Redis, settings: Settings
) -> None:
    settings.EVENT_BUS_PRODUCER = "tests.test_event_bus.own_producer"
    move_about("ann", [1])
    bus.stop()
    with pytest.raises(CommandError, match="Redis did not store event"):
        send_events()
    bus.start()
    NOTED.clear()
    send_events()

    assert groups_on_the_bus(bus) == {"ann": [1]}
    assert len(NOTED) == len(on_the_bus(bus))


@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("ignore:Event Bus setting")
def test_without_a_configured_bus_sending_fails_and_all_events_wait(
    bus: Redis, settings: Settings
) -> None:
    settings.EVENT_BUS_PRODUCER = None
    experiments.assign_group(COURSE_ID, 100, "ann")
    with pytest.raises(CommandError, match="bus: No event bus is configured: set EVENT_BUS"):
        send_events()
    settings.EVENT_BUS_PRODUCER = "edx_event_bus_redis.create_producer"
    send_events()

    assert len(on_the_bus(bus)) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("ignore:edx_event_bus_redis.create_producer from")
@pytest.mark.filterwarnings("ignore:Failed to load")
@pytest.mark.parametrize(
    "producer", ["edx_event_bus_redis.create_producer", "nowhere.create_producer"]
)
def test_a_producer_that_cannot_be_loaded_is_reported_as_such(
    bus: Redis, settings: Settings, producer: str
) -> None:
    settings.EVENT_BUS_PRODUCER = producer
    settings.EVENT_BUS_REDIS_CONNECTION_URL = None
    experiments.assign_group(COURSE_ID, 100, "ann")

    with pytest.raises(CommandError, match="EVENT_BUS_PRODUCER names could not be loaded"):
        send_events()


@pytest.mark.django_db(transaction=True)
def test_without_openedx_events_the_error_says_what_to_install(
    bus: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xblock_experiments.events.bus.find_spec", lambda _: None)
    experiments.assign_group(COURSE_ID, 100, "ann")

    with pytest.raises(CommandError, match=r"pip install 'xblock-experiments\[event-bus\]'"):
        send_events()


@pytest.mark.django_db(transaction=True)
def test_the_topic_can_be_configured(bus: Redis, settings: Settings) -> None:
    changed = {**settings.XBLOCK_EXPERIMENTS, "EVENT_BUS_TOPIC": "ours"}
    settings.XBLOCK_EXPERIMENTS = changed
    experiments.assign_group(COURSE_ID, 100, "ann")
    send_events()

    client = Database.from_url(bus.url)
    assert client.xlen("ours") == 1
    assert on_the_bus(bus) == []
    client.close()
