"""Emission of events once their changes are committed."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone

from xblock_experiments.events import outbox, tracking
from xblock_experiments.events.context import UserContext
from xblock_experiments.events.contexts import contexts_of, entered
from xblock_experiments.events.data import Event

emitted = Signal(use_caching=True)
"""A signal for each event, sent by the event's class with `event`, `context` and `timestamp`."""


def emit(event: Event, *, using: str | None = None) -> None:
    """Emit the event once the change that it describes is committed.

    `using` is the database of the change, if it is not the default one.
    """
    emit_all([event], using=using)


def emit_all(events: Sequence[Event], *, using: str | None = None) -> None:
    """Emit many events of one change, and read their users' contexts together."""
    if events:
        outbox.keep(events, using=using)
        within = entered()

        # A function instead of a partial, because Django logs the name of a failed callback.
        def tell() -> None:
            _tell(events, within)

        transaction.on_commit(tell, using=using, robust=True)


def _tell(events: Sequence[Event], within: tuple[UserContext, ...]) -> None:
    now = timezone.now()
    told = list(zip(events, contexts_of(events, within), strict=True))
    heard = {kind for kind in set(map(type, events)) if emitted.has_listeners(kind)}
    for event, context in told:
        if type(event) in heard:
            emitted.send_robust(type(event), event=event, context=context.copy, timestamp=now)
    tracking.send(told, now)
