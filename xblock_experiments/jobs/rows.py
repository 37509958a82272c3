"""Rows of jobs: reads as values, and changes that only one process can make.

A change names the state that it expects, and that of a worker names its file, so a worker whose job
was taken over can change nothing.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import router
from django.db.models import QuerySet
from django.utils import timezone

from xblock_experiments.database.transactions import persist_statement
from xblock_experiments.jobs import data
from xblock_experiments.jobs.data import State
from xblock_experiments.jobs.models import MAX_FAILURE, Job


def rows() -> QuerySet[Job]:
    """Return all jobs in the database that is written to, since what is read decides on writes."""
    return Job.objects.using(using())


def using() -> str:
    return router.db_for_write(Job)


def change(found: QuerySet[Job], **values: Any) -> bool:
    """Change the found rows in one statement, and return whether there were any."""
    return bool(persist_statement(partial(found.update, **values), using=found.db))


def end(found: QuerySet[Job], state: State, *, failure: str = "") -> bool:
    """End the found jobs without a file, and return whether there were any."""
    over = {"state": state, "slot": None, "file": "", "finished": timezone.now()}
    return change(found, failure=failure[:MAX_FAILURE], **over)


def waiting() -> dict[str, Any]:
    """Return the values of a job that waits for a worker from now on."""
    return {"state": State.WAITING, "heartbeat": timezone.now(), "done": 0, "file": ""}


def as_seen(row: Job) -> QuerySet[Job]:
    """Return the row for a change, unless another process has changed it since it was read."""
    seen = ("pk", "state", "attempt", "heartbeat", "wants_cancel")
    return rows().filter(**{name: getattr(row, name) for name in seen})


def value_of(row: Job) -> data.Job:
    return data.Job(
        id=row.pk,
        course_id=row.course_id,
        kind=row.kind,
        form=row.form,
        actor=row.actor,
        state=State(row.state),
        done=row.done,
        total=row.total,
        wants_cancel=row.wants_cancel,
        attempt=row.attempt,
        created=row.created,
        started=row.started,
        heartbeat=row.heartbeat,
        finished=row.finished,
        failure=row.failure,
        size=row.size,
        fingerprint=row.fingerprint,
        expires=row.expires,
    )
