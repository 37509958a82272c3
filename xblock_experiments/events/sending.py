"""Sends events from the outbox at least once, and in order for each learner.

Rows are sent in the order of their ids. If a learner's event depends on an earlier one, it has the
higher id: it was written after the earlier event's transaction had committed, because it waited
for that transaction's row or had read it. Only independent events can commit in another order than
their ids. Rows are deleted when they are sent, and no position in the ids is stored, so an event
that commits late is not skipped.

Two processes that send to one system could send a later event before an earlier one. So each page
is sent in a transaction that first writes to the system's row. Other senders wait for that row, in
each database, and if the process is killed, the database releases it. Learners do not wait,
because they insert new rows. The exception is SQLite, where all writers wait for each other, and so
for a page.
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
"""A function that sends events in order, and yields those that were delivered. Raises NotSent."""

SENDERS: dict[str, Sender] = {BUS: bus.send, XAPI: lrs.send}
_PAGE = 100


@dataclass(frozen=True)
class Page:
    """The result of sending a page of events."""

    sent: int
    failure: NotSent | None = None
    """The reason why the rest of the page was not sent. The rest still waits."""


@reports_faults
def send_page(sink: str, *, is_ended: Callable[[], bool]) -> Page:
    """Send the oldest waiting events, and delete the sent ones. Sends nothing if none wait.

    Stops between two deliveries if `is_ended` returns True.
    """
    if not _waiting(sink=sink).exists():
        return Page(0)
    insert_if_absent(Sink, [{"name": sink}])
    using = router.db_for_write(Sink)
    return persist(partial(_send_page, sink, is_ended), using=using)


@reports_faults
def drop(event_id: UUID, sinks: Sequence[str]) -> list[WaitingEvent]:
    """Delete an event without sending it, and return its rows for these systems."""
    rows = list(_waiting(event_id=event_id, sink__in=sinks).order_by("sink"))
    # Another process may be sending the event.
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
    # Delete one by one: for several keys, MariaDB scans a small table and locks every row it reads.
    for key in sent:
        _waiting(pk=key).delete()
    return Page(len(sent), failure)
