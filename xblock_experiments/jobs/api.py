"""The public interface of jobs: long work for a course that writes one file.

A job runs in a worker, through Django's Tasks. These functions check no permissions. Whoever offers
them to users must.
"""

from __future__ import annotations

from functools import partial

from django.db import IntegrityError
from django.db.models import F, Q
from django.utils import timezone

from xblock_experiments.database.transactions import persist, reports_faults
from xblock_experiments.jobs import files
from xblock_experiments.jobs.data import (
    STALE,
    InvalidJobId,
    Job,
    JobFile,
    JobIsActive,
    NoFile,
    NoSuchJob,
    State,
)
from xblock_experiments.jobs.kinds import get_kind, get_kinds
from xblock_experiments.jobs.models import SLOT
from xblock_experiments.jobs.models import Job as Row
from xblock_experiments.jobs.queue import enqueue
from xblock_experiments.jobs.recovery import recover
from xblock_experiments.jobs.rows import change, end, rows, using, value_of
from xblock_experiments.keys.ids import flaw_of
from xblock_experiments.retired import api as retired

__all__ = [
    "cancel",
    "get_job",
    "get_jobs",
    "get_kinds",
    "has_busy_worker",
    "open_file",
    "recover",
    "remove_files",
    "start",
]

MAX_LISTED = 50
"""The number of jobs in a list."""


@reports_faults
def start(course_id: str, kind: str, form: str, *, actor: str = "") -> Job:
    """Start a job of a kind for the course, and return it. A worker works on it later.

    Raises NoSuchKind, or JobIsActive if one of the kind waits or runs, or MissingExtra.
    """
    _check_id(course_id)
    if actor:
        _check_id(actor, "user")
    get_kind(kind).form(form)
    now = timezone.now()
    row = Row(
        course_id=course_id,
        kind=kind,
        form=form,
        actor=retired.name_of(actor),
        state=State.WAITING,
        slot=SLOT,
        created=now,
        heartbeat=now,
    )
    try:
        return value_of(persist(partial(_store, row), using=using()))
    except IntegrityError as error:
        msg = f"The job {kind!r} of {course_id} is active. Wait for its end, or cancel it."
        raise JobIsActive(msg) from error


@reports_faults
def get_jobs(course_id: str) -> tuple[Job, ...]:
    """Return the active jobs of the course and then the others, newest first, up to 50. One query.

    A course has at most one active job of a kind, so none is left out.
    """
    _check_id(course_id)
    found = rows().filter(course_id=course_id)
    active_first = found.order_by(F("slot").asc(nulls_last=True), "-pk")
    return tuple(map(value_of, active_first[:MAX_LISTED]))


@reports_faults
def get_job(course_id: str, job_id: int) -> Job:
    """Return a job of the course. Raises NoSuchJob."""
    return value_of(_row(course_id, job_id))


@reports_faults
def cancel(course_id: str, job_id: int) -> Job:
    """Cancel the job, and return it. A running job ends at its next step, without a file.

    A job that is over stays as it is. Raises NoSuchJob.
    """
    row = _row(course_id, job_id)
    active = rows().filter(pk=row.pk, slot=SLOT)
    # The wish first: whoever changes the job after this statement has to end it.
    if change(active, wants_cancel=True):
        is_stale = Q(heartbeat__lte=timezone.now() - STALE)
        end(active.filter(Q(state=State.WAITING) | is_stale), State.CANCELLED)
    return get_job(course_id, job_id)


@reports_faults
def open_file(course_id: str, job_id: int) -> JobFile:
    """Open the file of a job. Raises NoSuchJob, or NoFile before its end and after its time."""
    row = _row(course_id, job_id)
    form = get_kind(row.kind).form(row.form)
    if value_of(row).has_file(timezone.now()):
        stream = files.opened(row.file, row.size)
        if stream is not None:
            name = f"{row.kind}{form.suffix}"
            return JobFile(name=name, media_type=form.media_type, stream=stream)
    msg = f"The job {job_id} of {course_id} has no file. It is not done, or its file was removed."
    raise NoFile(msg)


@reports_faults
def has_busy_worker() -> bool:
    """Return whether a worker has given a sign of life in a job of any course. One query."""
    alive = timezone.now() - STALE
    return rows().filter(slot=SLOT, state=State.RUNNING, heartbeat__gt=alive).exists()


@reports_faults
def remove_files() -> int:
    """Remove files whose time is over, and those that dead workers left. Return their number."""
    # In this order: a file that is begun after the list was made is not in it.
    listed = files.names()
    over = rows().filter(expires__lte=timezone.now()).exclude(file="")
    if over.exists():
        change(over, file="", size=None)
    kept = set(rows().exclude(file="").values_list("file", flat=True))
    unused = [path for path, name in listed.items() if name not in kept]
    files.remove(unused)
    return len(unused)


def _store(row: Row) -> Row:
    row.pk = None
    row.save(using=using(), force_insert=True)
    enqueue(row.pk)
    return row


def _row(course_id: str, job_id: int) -> Row:
    _check_id(course_id)
    row = rows().filter(course_id=course_id, pk=job_id).first()
    if row is None:
        msg = f"{course_id} has no job {job_id}."
        raise NoSuchJob(msg)
    return row


def _check_id(id: str, whose: str = "course") -> None:
    if flaw := flaw_of(id):
        msg = f"The id of a {whose} {flaw}."
        raise InvalidJobId(msg)
