"""Sending to the event bus that the site has configured for openedx-events."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Self

from xblock_experiments.errors import NotSent
from xblock_experiments.settings.common import setting

if TYPE_CHECKING:
    from xblock_experiments.events.models import WaitingEvent


def send(page: Iterable[WaitingEvent]) -> Iterator[Sequence[WaitingEvent]]:
    """Each by itself. Raises NotSent."""
    producer, redis = _producer()
    for row in page:
        _send(producer, row)
        if redis and not redis.has_taken():
            msg = (
                f"Redis did not take event {row.event_id}. The log of edx_event_bus_redis says why."
            )
            raise NotSent(msg)
        yield [row]


class _Redis:
    """The client of Redis' producer, which remembers whether Redis has taken what was sent.

    The producer itself catches every error, logs it and returns as if nothing had happened.
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

    def has_taken(self) -> bool:
        """Since this was asked before."""
        id_, self._id = self._id, None
        return id_ is not None


def _producer() -> tuple[Any, _Redis | None]:
    if find_spec("openedx_events") is None:
        msg = "There is no openedx-events: pip install 'xblock-experiments[event-bus]'."
        raise NotSent(msg)
    from openedx_events.event_bus import NoEventBusProducer, get_producer

    producer: Any = get_producer()
    if isinstance(producer, NoEventBusProducer):
        msg = (
            "There is no event bus: set EVENT_BUS_PRODUCER, and what the producer that it names "
            "asks for, such as EVENT_BUS_REDIS_CONNECTION_URL."
        )
        raise NotSent(msg)
    if not type(producer).__module__.startswith("edx_event_bus_redis."):
        return producer, None
    redis = _Redis(producer.client)
    return type(producer)(redis), redis


def _send(producer: Any, row: WaitingEvent) -> None:
    from openedx_events.data import EventsMetadata

    from xblock_experiments.events.openedx import DEFINITIONS

    definition = DEFINITIONS[row.name]
    producer.send(
        signal=definition.signal,
        topic=setting("EVENT_BUS_TOPIC"),
        event_key_field=definition.key_field,
        event_data=definition.data({**json.loads(row.payload), "actor": row.actor}, row.context),
        event_metadata=EventsMetadata(
            event_type=definition.signal.event_type,
            id=row.event_id,
            time=row.created.astimezone(UTC),
        ),
    )
