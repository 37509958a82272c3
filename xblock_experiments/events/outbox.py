"""Events that wait to be sent to other systems, kept in the transaction of what they tell of.

An event is there if and only if what it tells of was stored, whenever a process or a machine stops.
`sending` sends them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone

from xblock_experiments.database.transactions import persist_statement
from xblock_experiments.events.contexts import contexts_of
from xblock_experiments.events.data import (
    AssignedUserToPartition,
    Event,
    ListImported,
    SegmentationSaved,
    TagChanged,
    UserExposed,
    UserReassigned,
)
from xblock_experiments.events.waiting import columns, without_actor
from xblock_experiments.settings.common import setting

BUS, XAPI = "bus", "xapi"
WANTED: dict[str, tuple[type[Event], ...]] = {
    BUS: (
        AssignedUserToPartition,
        ListImported,
        SegmentationSaved,
        TagChanged,
        UserExposed,
        UserReassigned,
    ),
    XAPI: (AssignedUserToPartition, UserExposed),
}
"""What can be sent to, and which events it wants. By class: a block may give its own the name."""


def keep(events: Sequence[Event], *, using: str | None = None) -> None:
    """Let them wait, all in one statement, for each system that wants them.

    With them is kept where their users stand now, as this transaction sees it.
    """
    wanted = [event for event in events if _sinks_of(event)]
    if not wanted:
        return
    # The app need not be installed where nothing is kept.
    from xblock_experiments.events.models import WaitingEvent

    rows = [
        WaitingEvent(sink=sink, **row)
        for event, row in zip(wanted, _rows_of(wanted), strict=True)
        for sink in _sinks_of(event)
    ]
    WaitingEvent.objects.using(using).bulk_create(rows)


def persist[T](work: Callable[[], T], *, using: str) -> T:
    """`persist_statement` for a single statement and the events that it emits, all or none."""

    def with_events() -> T:
        with transaction.atomic(using) if setting("OUTBOX") else nullcontext():
            return work()

    return persist_statement(with_events, using=using)


def _sinks_of(event: Event) -> list[str]:
    return [sink for sink in setting("OUTBOX") if isinstance(event, _wanted_by(sink))]


def _wanted_by(sink: str) -> tuple[type[Event], ...]:
    try:
        return WANTED[sink]
    except (KeyError, TypeError):
        names = " and ".join(map(repr, WANTED))
        msg = f'XBLOCK_EXPERIMENTS["OUTBOX"] names {sink!r}, but there are only {names}.'
        raise ImproperlyConfigured(msg) from None


def _rows_of(events: Sequence[Event]) -> Iterator[dict[str, Any]]:
    now = timezone.now()
    contexts = contexts_of([without_actor(event) for event in events])
    for event, context in zip(events, contexts, strict=True):
        yield {
            **columns(event),
            "event_id": uuid.uuid4(),
            "context": context.json,
            "created": now,
        }
