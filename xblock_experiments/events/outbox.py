"""The outbox of events for other systems, stored in the transactions of their changes.

A row exists if and only if its change was stored, even if the process or the machine stops. The
module `sending` sends the rows.
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
from xblock_experiments.events.row_format import columns, without_actor
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
"""The systems, each with the event classes it receives.

These are classes, because a block can publish an event with the same name.
"""


def keep(events: Sequence[Event], *, using: str | None = None) -> None:
    """Store the events for each system that wants them, in one statement.

    Each row contains the user's context as seen by this transaction.
    """
    if not setting("OUTBOX"):
        return
    wanted = [event for event in events if _sinks_of(event)]
    if not wanted:
        return
    # The app may be missing if no events are stored.
    from xblock_experiments.events.models import WaitingEvent

    rows = [
        WaitingEvent(sink=sink, **row)
        for event, row in zip(wanted, _rows_of(wanted), strict=True)
        for sink in _sinks_of(event)
    ]
    WaitingEvent.objects.using(using).bulk_create(rows)


def persist[T](work: Callable[[], T], *, using: str) -> T:
    """Run `work`, a single statement, and store its events, or do neither."""

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
        msg = f'XBLOCK_EXPERIMENTS["OUTBOX"] contains {sink!r}, but only {names} are known.'
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
