"""Values and errors of jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import BinaryIO

from xblock_experiments.errors import ExperimentsError, WrongId

STALE = timedelta(seconds=60)
"""The age of a heartbeat from which on its worker is considered dead."""

MAX_ATTEMPTS = 3
"""The number of attempts after which a job has failed, because it may be what kills the worker."""


class State(StrEnum):
    """The state of a job as its row has it."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobError(ExperimentsError):
    """The base class of errors about jobs."""


class InvalidJobId(JobError, WrongId):
    """An id of a course or a user that cannot be stored."""


class NoSuchKind(JobError, LookupError):
    """Raised for a kind of job, or a form of its file, that no app has registered."""


class NoSuchJob(JobError, LookupError):
    """Raised for a job that the course does not have."""


class JobIsActive(JobError):
    """Raised if the course has a job of the kind that waits or runs. No other one is started."""


class NoFile(JobError, LookupError):
    """Raised if a job has no file: it is not done, or the file was removed after its time."""


class CannotBeDone(JobError):
    """Raised by a kind's function for a reason that its sentence gives to staff.

    The sentence is a message for translators. It names nobody.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A piece of long work for a course, as it was when it was read."""

    id: int
    course_id: str
    kind: str
    """The name of the kind."""
    form: str
    """The name of the form of the file."""
    actor: str
    """The id of the user who asked for it, or '' for nobody or a retired user."""
    state: State
    done: int
    """The number of steps that the present attempt has done, for example the rows of a report."""
    total: int | None
    """The number of all steps, or None if it is not known."""
    wants_cancel: bool
    """Indicates that somebody has cancelled it, and that its worker has not noticed yet."""
    attempt: int
    """The number of the attempt, from 1. It grows when a job is taken over."""
    created: datetime
    started: datetime | None
    """The start of the present attempt."""
    heartbeat: datetime
    """The last sign of life. That of a waiting job is the time at which it was enqueued."""
    finished: datetime | None
    failure: str
    """The reason of a failure, a message for translators, or ''."""
    size: int | None
    """The number of bytes of the file, or None if there is no file now."""
    fingerprint: str
    """The hash by which whoever gets the file can check it, or '' if its kind has none."""
    expires: datetime | None
    """The time at which the file is removed, or None before there is one."""

    @property
    def is_active(self) -> bool:
        """Indicates that the job waits or runs."""
        return self.state in ACTIVE

    def is_interrupted(self, now: datetime) -> bool:
        """Return whether the worker died. Another worker takes the job up again."""
        return self.state is State.RUNNING and self.heartbeat <= now - STALE

    def has_file(self, now: datetime) -> bool:
        """Return whether the file can be opened."""
        return self.size is not None and self.expires is not None and now < self.expires

    def remaining(self, now: datetime) -> timedelta | None:
        """Return the expected time until the end, or None if it cannot be told."""
        is_running = self.state is State.RUNNING and not self.is_interrupted(now)
        if not is_running or self.started is None or not self.done or not self.total:
            return None
        return (now - self.started) * max(self.total - self.done, 0) / self.done


ACTIVE = (State.WAITING, State.RUNNING)
"""The states of jobs that are not over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFile:
    """The file of a job that is done. Its reader closes the stream."""

    name: str
    """A name for whoever downloads it, for example 'grades.csv'."""
    media_type: str
    stream: BinaryIO
