"""Jobs as the page of reports shows them, in the visitor's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from django.utils.formats import number_format
from django.utils.translation import gettext_noop

from xblock_experiments.jobs.data import Job, NoSuchKind, State
from xblock_experiments.jobs.kinds import get_kind, get_kinds
from xblock_experiments.workbench.hosting.i18n import translations_of

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


class Shown(StrEnum):
    """The state of a job on the page."""

    WAITING = "waiting"
    RUNNING = "running"
    STOPPING = "stopping"
    INTERRUPTED = "interrupted"
    READY = "ready"
    EXPIRED = "expired"
    FAILED = "failed"
    CANCELLED = "cancelled"
    GONE = "gone"


_SHOWN = {
    State.WAITING: Shown.WAITING,
    State.FAILED: Shown.FAILED,
    State.CANCELLED: Shown.CANCELLED,
}
_SENTENCES = {
    Shown.WAITING: gettext_noop("Waiting for a worker."),
    Shown.RUNNING: gettext_noop("{rows} {remaining}"),
    Shown.STOPPING: gettext_noop("Being cancelled."),
    Shown.INTERRUPTED: gettext_noop(
        "Interrupted, because its worker stopped. A worker will begin it again."
    ),
    Shown.READY: gettext_noop("Ready. {rows}"),
    Shown.EXPIRED: gettext_noop("The file was removed. Create the report again if you need it."),
    Shown.FAILED: gettext_noop("Failed. {reason}"),
    Shown.CANCELLED: gettext_noop("Cancelled."),
    Shown.GONE: gettext_noop("This kind of report is no longer available."),
}
_AGAIN = frozenset({Shown.EXPIRED, Shown.FAILED, Shown.CANCELLED})
"""The states after which staff may want the same report again."""
_CANCELLABLE = frozenset({Shown.WAITING, Shown.RUNNING, Shown.INTERRUPTED})


@dataclass(frozen=True, slots=True)
class Offer:
    """A report that can be created."""

    name: str
    label: str
    help: str
    forms: dict[str, str]
    """The labels of the forms by their names."""


def offers() -> list[Offer]:
    """Return all reports, in the visitor's language."""
    _ = translations_of().gettext
    return [
        Offer(
            name=kind.name,
            label=_(kind.label),
            help=_(kind.help),
            forms={form.name: _(form.label) for form in kind.forms},
        )
        for kind in get_kinds()
    ]


@dataclass(frozen=True, slots=True)
class Row:
    """A job in the list."""

    job: Job
    title: str
    form: str
    shown: Shown
    sentence: str
    created: str
    expires: str

    @classmethod
    def of(cls, job: Job, now: datetime) -> Self:
        shown = _shown(job, now)
        title, form = _names_of(job)
        return cls(
            job=job,
            title=title,
            form=form,
            shown=shown,
            sentence=_sentence(job, shown, now),
            created=_time(job.created),
            expires=_time(job.expires) if job.expires else "",
        )

    @property
    def is_running(self) -> bool:
        return self.shown is Shown.RUNNING

    @property
    def can_be_cancelled(self) -> bool:
        return self.shown in _CANCELLABLE

    @property
    def can_be_repeated(self) -> bool:
        return self.shown in _AGAIN and _is_offered(self.job)

    @property
    def is_ready(self) -> bool:
        return self.shown is Shown.READY

    @property
    def progress(self) -> dict[str, int]:
        """The attributes of the progress bar. Without any, the bar says only that work goes on."""
        total = self.job.total
        return {"max": total, "value": min(self.job.done, total)} if total else {}

    def to_json(self) -> dict[str, Any]:
        """Return what a script needs to update the row, or to say how it has changed."""
        return {
            "id": self.job.id,
            "state": self.shown,
            "sentence": self.sentence,
            "progress": self.progress,
            "news": f"{self.title}: {self.sentence}",
        }


def _shown(job: Job, now: datetime) -> Shown:
    if job.state is State.DONE:
        if not _is_offered(job):
            return Shown.GONE
        return Shown.READY if job.has_file(now) else Shown.EXPIRED
    if job.state is State.RUNNING:
        if job.is_interrupted(now):
            return Shown.INTERRUPTED
        return Shown.STOPPING if job.wants_cancel else Shown.RUNNING
    return _SHOWN[job.state]


def _sentence(job: Job, shown: Shown, now: datetime) -> str:
    """Return what the page says about the state."""
    _ = translations_of().gettext
    sentence: str = _(_SENTENCES[shown]).format(
        reason=_(job.failure) if job.failure else "",
        remaining=_remaining(job.remaining(now)),
        rows=_rows(job.done),
    )
    return sentence.strip()


def _rows(count: int) -> str:
    sentence: str = translations_of().ngettext(
        "{count} row written.", "{count} rows written.", count
    )
    return sentence.format(count=number_format(count, force_grouping=True))


def _remaining(remaining: timedelta | None) -> str:
    """Return a sentence about the remaining time, or "" if it cannot be told."""
    i18n = translations_of()
    if remaining is None:
        return ""
    if remaining < _MINUTE:
        return str(i18n.gettext("Less than a minute left."))
    if remaining < _HOUR:
        count = round(remaining / _MINUTE)
        sentence = i18n.ngettext("About {count} minute left.", "About {count} minutes left.", count)
    else:
        count = round(remaining / _HOUR)
        sentence = i18n.ngettext("About {count} hour left.", "About {count} hours left.", count)
    return str(sentence.format(count=number_format(count)))


def _names_of(job: Job) -> tuple[str, str]:
    """Return the names of the kind and the form. A kind may be gone since the job was done."""
    _ = translations_of().gettext
    try:
        kind = get_kind(job.kind)
        return _(kind.label), _(kind.form(job.form).label)
    except NoSuchKind:
        return job.kind, job.form


def _is_offered(job: Job) -> bool:
    """Return whether the job's kind and form still exist."""
    try:
        get_kind(job.kind).form(job.form)
    except NoSuchKind:
        return False
    return True


def _time(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
