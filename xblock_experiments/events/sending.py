"""Sending what waits in the outbox: at least once, and of each learner in order.

Of two events of one learner the later one has the higher id wherever it depends on the earlier one:
it was written after the earlier one's transaction, whose row it waited for or had read, was
committed. Only what does not depend on each other is committed in another order than its ids. So
ids are the order in which events are sent. An event that is committed late is not passed over:
what was sent is known by its row, which is then deleted, and not by how far the ids have got.

Two processes that send to one system would tell an earlier event after a later one. So a page is
sent in a transaction that has written to the system's row first: others wait for it, on each
database, and if the process is killed the database lets go of it. Learners do not wait: their rows
are new ones. On SQLite, where all writers wait for each other, they do wait for a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.db import router
from django.db.models import F, QuerySet

from xblock_experiments.database.rows import insert_if_absent
from xblock_experiments.database.transactions import persist, reports_faults
from xblock_experiments.errors import NotSent
from xblock_experiments.events import bus, lrs
from xblock_experiments.events.models import Sink, WaitingEvent
from xblock_experiments.events.outbox import BUS, XAPI

type Sender = Callable[[Iterable[WaitingEvent]], Iterator[Sequence[WaitingEvent]]]
"""Sends events in their order and yields those that are delivered. Raises NotSent."""

SENDERS: dict[str, Sender] = {BUS: bus.send, XAPI: lrs.send}
_PAGE = 100


@dataclass(frozen=True)
class Page:
    """What became of a page of events."""

    sent: int
    failure: NotSent | None = None
    """Why not all of it was sent. What was not still waits."""


@reports_faults
def send_page(sink: str, *, is_ended: Callable[[], bool]) -> Page:
    """Send what has waited longest, and forget it. None is sent where nothing waits.

    Ends early, between two deliveries, when `is_ended`.
    """
    if not _waiting(sink=sink).exists():
        return Page(0)
    insert_if_absent([Sink(name=sink)])
    using = router.db_for_write(Sink)
    return persist(partial(_send_page, sink, is_ended), using=using)


@reports_faults
def drop(event_id: UUID, sinks: Sequence[str]) -> list[WaitingEvent]:
    """Forget an event unsent. What waited, of it, for these systems."""
    rows = list(_waiting(event_id=event_id, sink__in=sinks).order_by("sink"))
    # Somebody may be sending it meanwhile.
    return [row for row in rows if _waiting(pk=row.pk).delete()[0]]


def count_waiting(sink: str) -> int:
    return _waiting(sink=sink).count()


def _waiting(**which: object) -> QuerySet[WaitingEvent]:
    return WaitingEvent.objects.using(router.db_for_write(WaitingEvent)).filter(**which)


def _send_page(sink: str, is_ended: Callable[[], bool]) -> Page:
    sinks = Sink.objects.using(router.db_for_write(Sink))
    sinks.filter(name=sink).update(pages=F("pages") + 1)
    sent: list[int] = []
    failure = None
    try:
        for delivered in SENDERS[sink](_waiting(sink=sink).order_by("pk")[:_PAGE]):
            sent += [row.pk for row in delivered]
            if is_ended():
                break
    except NotSent as error:
        failure = error
    # One by one: of several at once MariaDB reads a small table whole, and locks all that it reads.
    for key in sent:
        _waiting(pk=key).delete()
    return Page(len(sent), failure)
