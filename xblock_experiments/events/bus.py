"""The sender to the event bus that the site has configured for openedx-events."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings

from xblock_experiments.errors import NotSent
from xblock_experiments.events.row_format import convert_payload
from xblock_experiments.settings.common import setting

if TYPE_CHECKING:
    from xblock_experiments.events.models import WaitingEvent


def send(page: Iterable[WaitingEvent]) -> Iterator[Sequence[WaitingEvent]]:
    """Send the events one by one. Raises NotSent."""
    producer, redis = _producer()
    for row in page:
        event = convert_payload(row, partial(_event, row))
        producer.send(topic=setting("EVENT_BUS_TOPIC"), **event)
        if redis and not redis.is_stored():
            msg = f"Redis did not store event {row.event_id}. See the log of edx_event_bus_redis."
            raise NotSent(msg)
        yield [row]


def flaw_of_settings() -> str | None:
    """Return why the settings keep events from the bus, or None if they do not."""
    if find_spec("openedx_events") is None:
        return "openedx-events is not installed: pip install 'xblock-experiments[event-bus]'."
    if not getattr(settings, "EVENT_BUS_PRODUCER", None):
        return (
            "No event bus is configured: set EVENT_BUS_PRODUCER, and the settings of that "
            "producer, such as EVENT_BUS_REDIS_CONNECTION_URL."
        )
    return None


class _Redis:
    """A wrapper of the Redis producer's client, which remembers whether Redis stored the event.

    The producer itself catches every error, logs it and returns normally.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._id: object = None

    def Stream(self, name: str) -> Self:  # noqa: N802 - named by the client
        self._stream = self._client.Stream(name)
        return self

    def add(self, *args: Any, **kwargs: Any) -> object:
        self._id = self._stream.add(*args, **kwargs)
        return self._id

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def is_stored(self) -> bool:
        """Return whether Redis stored an event since the last call."""
        id_, self._id = self._id, None
        return id_ is not None


def _producer() -> tuple[Any, _Redis | None]:
    """Return the site's producer, and its wrapped client if it uses Redis. Raises NotSent."""
    if flaw := flaw_of_settings():
        raise NotSent(flaw)
    from openedx_events.event_bus import NoEventBusProducer, get_producer

    producer: Any = get_producer()
    if isinstance(producer, NoEventBusProducer):
        msg = (
            "The producer that EVENT_BUS_PRODUCER names could not be loaded. A warning of "
            "openedx-events has the reason; perhaps a setting of the producer is missing."
        )
        raise NotSent(msg)
    if not _is_of_redis(producer):
        return producer, None
    # Leave the site's own producer unchanged.
    producer = copy.copy(producer)
    producer.client = _Redis(producer.client)
    return producer, producer.client


def _is_of_redis(producer: object) -> bool:
    """Return whether the producer's class or a base class comes from edx_event_bus_redis."""
    packages = {each.__module__.partition(".")[0] for each in type(producer).__mro__}
    return "edx_event_bus_redis" in packages


def _event(row: WaitingEvent, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments for the producer's `send`."""
    from openedx_events.data import EventsMetadata

    from xblock_experiments.events.openedx import DEFINITIONS

    definition = DEFINITIONS[row.name]
    return {
        "signal": definition.signal,
        "event_key_field": definition.key_field,
        "event_data": definition.data(payload, row.context),
        "event_metadata": EventsMetadata(
            event_type=definition.signal.event_type,
            id=row.event_id,
            time=row.created.astimezone(UTC),
        ),
    }
