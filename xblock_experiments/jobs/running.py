"""The work on one job: claiming it, its steps, its file, and its only outcome."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import Any, Self

from django.db import InterfaceError, OperationalError, connections
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from xblock_experiments.commands.stopping import Stop
from xblock_experiments.database.transactions import attempt_statement, persist
from xblock_experiments.errors import NotStored
from xblock_experiments.jobs import files
from xblock_experiments.jobs.data import MAX_ATTEMPTS, CannotBeDone, State
from xblock_experiments.jobs.interruptions import Cancelled, Interruption, Overtaken, Stopped
from xblock_experiments.jobs.kinds import get_kind
from xblock_experiments.jobs.models import Job
from xblock_experiments.jobs.queue import enqueue
from xblock_experiments.jobs.rows import change, end, rows, using, waiting
from xblock_experiments.jobs.stopping import noting_signals
from xblock_experiments.settings.common import setting

log = logging.getLogger(__name__)

FAILED = gettext_noop("An error occurred. The log of the worker has the details.")
_BEAT = 1.0
"""The number of seconds between two signs of life."""


def run(job_id: int) -> None:
    """Work on a job that waits. Does nothing if another worker has it, or if it is over.

    Hands on errors that nobody expects, once the job has ended as failed.
    """
    row = _claimed(job_id)
    if row is None:
        return
    with noting_signals() as stop, Attempt(row, stop) as attempt:
        attempt.work()


class Attempt:
    """One worker's attempt at a job, and the progress that the kind's function reports.

    It ends in one way: done, failed, cancelled, put back or taken over.
    """

    def __init__(self, row: Job, stop: Stop) -> None:
        self.row = row
        self._stop = stop
        self._mine = rows().filter(pk=row.pk, state=State.RUNNING, file=row.file)
        self._done = 0
        self._total = _steps_of_last(row)
        self._next_beat = time.monotonic() + _BEAT

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        """Store how the attempt ended, unless it published its file."""
        if error is None:
            return False
        settle = next(settle for expected, settle in _ENDS.items() if isinstance(error, expected))
        settle(self, error)
        return isinstance(error, Interruption | CannotBeDone)

    def work(self) -> None:
        """Write the file, and publish it with the end of the job."""
        form = get_kind(self.row.kind).form(self.row.form)
        with files.new_file(self.row.file) as path:
            fingerprint = form.write(self.row.course_id, path, self)
        path = files.path_of(self.row.file)
        try:
            self._publish(path.stat().st_size, fingerprint or "")
        except Interruption:
            files.remove([path])
            raise

    def expect(self, total: int) -> None:
        self._total = total
        self._give_sign_of_life()

    def step(self) -> None:
        self._done += 1
        self.alive()

    def alive(self) -> None:
        if self._stop.is_requested:
            raise Stopped
        if time.monotonic() >= self._next_beat:
            self._give_sign_of_life()

    def fail(self, sentence: str) -> None:
        end(self._mine, State.FAILED, failure=sentence)

    def cancel(self) -> None:
        end(self._mine, State.CANCELLED)

    def put_back(self) -> None:
        """Let the next worker begin the job again, unless it was cancelled meanwhile."""
        persist(self._put_back, using=using())

    def try_again(self) -> None:
        """Put the job back for its next attempt. It has failed if there is none."""
        if self.row.attempt >= MAX_ATTEMPTS:
            self.fail(FAILED)
        else:
            persist(partial(self._put_back, attempt=self.row.attempt + 1), using=using())

    def _put_back(self, **values: Any) -> None:
        if self._uncancelled().update(**waiting(), **values):
            enqueue(self.row.pk)
        else:
            self.cancel()

    def _publish(self, size: int, fingerprint: str) -> None:
        now = timezone.now()
        self._change(
            state=State.DONE,
            slot=None,
            finished=now,
            fingerprint=fingerprint,
            size=size,
            expires=now + timedelta(days=setting("JOB_FILES_KEPT")),
        )

    def _give_sign_of_life(self) -> None:
        """Change the row, or leave it until the next beat if another transaction was faster.

        On SQLite, the function that LEARNERS names may keep a snapshot open in which nothing can be
        written.
        """
        self._next_beat = time.monotonic() + _BEAT
        beat = partial(self._uncancelled().update, **self._progress())
        self._check(attempt_statement(beat, otherwise=True, using=using()))

    def _change(self, **values: Any) -> None:
        self._check(change(self._uncancelled(), **self._progress(), **values))

    def _uncancelled(self) -> QuerySet[Job]:
        return self._mine.filter(wants_cancel=False)

    def _progress(self) -> dict[str, Any]:
        return {"heartbeat": timezone.now(), "done": self._done, "total": self._total}

    def _check(self, is_changed: object) -> None:
        """Raise Cancelled or Overtaken unless the row is still this attempt's."""
        if not is_changed:
            raise Cancelled if self._mine.exists() else Overtaken


def _discard(attempt: Attempt, _: BaseException) -> None:
    log.warning(
        "Job %s was taken over or cancelled. The file of this worker is discarded.", attempt.row.pk
    )


def _fail(attempt: Attempt, error: BaseException) -> None:
    log.error("Job %s has failed.", attempt.row.pk, exc_info=error)
    attempt.fail(FAILED)


def _try_again(attempt: Attempt, error: BaseException) -> None:
    log.warning("Job %s was interrupted.", attempt.row.pk, exc_info=error)
    connection = connections[using()]
    if not connection.in_atomic_block:
        # The job is put back through a connection that works.
        connection.close_if_unusable_or_obsolete()
    attempt.try_again()


_ENDS: dict[type[BaseException], Callable[[Attempt, BaseException], None]] = {
    Cancelled: lambda attempt, _: attempt.cancel(),
    Overtaken: _discard,
    Stopped: lambda attempt, _: attempt.put_back(),
    CannotBeDone: lambda attempt, error: attempt.fail(str(error)),
    # faults of the database
    NotStored: _try_again,
    OperationalError: _try_again,
    InterfaceError: _try_again,
    Exception: _fail,
    # the end of the process, or a kind that asks for it
    BaseException: _try_again,
}
"""The end of an attempt by its error. The first class that fits decides."""


def _claimed(job_id: int) -> Job | None:
    """Return the job for this process alone, or None if it does not wait any more.

    A job whose cancellation has only begun ends here.
    """
    row = rows().filter(pk=job_id, state=State.WAITING).first()
    if row is None:
        return None
    now = timezone.now()
    found = rows().filter(pk=job_id, state=State.WAITING, attempt=row.attempt)
    row.file = files.new_name()
    begun = {"state": State.RUNNING, "file": row.file, "started": now, "heartbeat": now}
    if change(found.filter(wants_cancel=False), total=None, **begun):
        return row
    end(found.filter(wants_cancel=True), State.CANCELLED)
    return None


def _steps_of_last(row: Job) -> int | None:
    """Return the steps of the last such job, which is what this one expects at first."""
    done = rows().filter(course_id=row.course_id, kind=row.kind, state=State.DONE)
    return done.order_by("-pk").values_list("done", flat=True).first()
