"""A recorder of all events of a test, connected to the signal as any listener is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from xblock_experiments import events


@dataclass
class RecordedEvents:
    """Events, oldest first, each with its context."""

    entries: list[tuple[events.Event, Mapping[str, Any]]] = field(default_factory=list)

    def record(
        self, sender: Any, event: events.Event, context: Mapping[str, Any], **others: Any
    ) -> None:
        self.entries.append((event, context))

    @property
    def names(self) -> list[str]:
        return [event.name for event, _ in self.entries]

    def of[E: events.Event](self, kind: type[E]) -> list[E]:
        return [event for event, _ in self.entries if isinstance(event, kind)]

    def contexts(self, kind: type[events.Event]) -> list[Mapping[str, Any]]:
        return [context for event, context in self.entries if isinstance(event, kind)]


@contextmanager
def recording() -> Iterator[RecordedEvents]:
    recorded = RecordedEvents()
    events.emitted.connect(recorded.record)
    try:
        yield recorded
    finally:
        events.emitted.disconnect(recorded.record)
