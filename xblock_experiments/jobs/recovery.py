"""Jobs whose worker died: each is taken up again, or ends. Nothing stays active for ever.

Any number of processes may do this at the same time. Each change names the heartbeat and the
attempt that it saw, so one of them makes it.
"""

from __future__ import annotations

from functools import partial

from django.utils import timezone
from django.utils.translation import gettext_noop

from xblock_experiments.database.transactions import persist, reports_faults
from xblock_experiments.jobs.data import MAX_ATTEMPTS, STALE, State
from xblock_experiments.jobs.models import SLOT, Job
from xblock_experiments.jobs.queue import enqueue
from xblock_experiments.jobs.rows import as_seen, end, rows, using, waiting

INTERRUPTED = gettext_noop("The worker stopped unexpectedly in each attempt.")


@reports_faults
def recover() -> int:
    """Take up or end jobs that gave no sign of life for a minute, and return their number."""
    stale = rows().filter(slot=SLOT, heartbeat__lte=timezone.now() - STALE)
    return sum(map(_recover, stale.order_by("pk")))


def _recover(row: Job) -> bool:
    if row.state == State.WAITING:
        # Its task may be lost. If it only waits behind others, a second task does no harm.
        return _enqueue_again(row, row.attempt)
    if row.wants_cancel:
        return end(as_seen(row), State.CANCELLED)
    if row.attempt >= MAX_ATTEMPTS:
        return end(as_seen(row), State.FAILED, failure=INTERRUPTED)
    return _enqueue_again(row, row.attempt + 1)


def _enqueue_again(row: Job, attempt: int) -> bool:
    return persist(partial(_changed_and_enqueued, row, attempt), using=using())


def _changed_and_enqueued(row: Job, attempt: int) -> bool:
    is_ours = bool(as_seen(row).update(attempt=attempt, **waiting()))
    if is_ours:
        enqueue(row.pk)
    return is_ours
