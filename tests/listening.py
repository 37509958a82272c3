"""A recorder of all events of a test, connected to the signal as any listener is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from xblock_experiments import events


@dataclass
class Told:
    """Events, oldest first, each with its context."""

    heard: list[tuple[events.Event, Mapping[str, Any]]] = field(default_factory=list)

    def hear(
        self, sender: Any, event: events.Event, context: Mapping[str, Any], **others: Any
    ) -> None:
        self.heard.append((event, context))

    @property
    def names(self) -> list[str]:
        return [event.name for event, _ in self.heard]

    def of[E: events.Event](self, kind: type[E]) -> list[E]:
        return [event for event, _ in self.heard if isinstance(event, kind)]

    def contexts(self, kind: type[events.Event]) -> list[Mapping[str, Any]]:
        return [context for event, context in self.heard if isinstance(event, kind)]


@contextmanager
def listening() -> Iterator[Told]:
    told = Told()
    events.emitted.connect(told.hear)
    try:
        yield told
    finally:
        events.emitted.disconnect(told.hear)
