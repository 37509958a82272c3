"""Telling of what happened, once it is committed."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone

from xblock_experiments.events import outbox, tracking
from xblock_experiments.events.context import UserContext
from xblock_experiments.events.contexts import contexts_of, entered
from xblock_experiments.events.data import Event

emitted = Signal()
"""Sent for each event with `event`, `context` (a mapping) and `timestamp`, by the event's class."""


def emit(event: Event, *, using: str | None = None) -> None:
    """Tell of the event when what it tells of is committed.

    `using` is the database where that is, if it is not the default one.
    """
    emit_all([event], using=using)


def emit_all(events: Sequence[Event], *, using: str | None = None) -> None:
    """`emit` of many that happened at once: where their users stand is read for all together."""
    if events:
        outbox.keep(events, using=using)
        within = entered()

        # Django names what failed, and a partial has no name.
        def tell() -> None:
            _tell(events, within)

        transaction.on_commit(tell, using=using, robust=True)


def _tell(events: Sequence[Event], within: tuple[UserContext, ...]) -> None:
    now = timezone.now()
    contexts = contexts_of(events, within)
    for event, context in zip(events, contexts, strict=True):
        if emitted.has_listeners(type(event)):
            emitted.send_robust(type(event), event=event, context=context.copy, timestamp=now)
        tracking.send(event, context, now)
