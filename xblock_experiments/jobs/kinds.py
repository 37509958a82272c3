"""The registry of kinds of jobs. Each app registers its kinds when it is ready.

A kind writes one file about a course, in one of several forms. `xblock_experiments.gradebook` has a
kind for each report.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from xblock_experiments.jobs.data import NoSuchKind


class Progress(Protocol):
    """The progress of a job, which its function reports.

    Each method raises an error if the job must end here. Let that error pass.
    """

    def expect(self, total: int) -> None:
        """Set the number of all steps."""

    def step(self) -> None:
        """Count one more step, which is a sign of life."""

    def alive(self) -> None:
        """Give a sign of life without counting a step.

        Call this or `step` at least every 20 seconds: a job without a sign of life is taken over
        after 60.
        """


type Write = Callable[[str, Path, Progress], str | None]
"""A function that writes the file of a course's job to an empty file at the path.

It can return a fingerprint, a hash by which whoever gets the file can check it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form of a kind's file, for example CSV."""

    name: str
    label: str
    """A message for translators."""
    suffix: str
    """The end of the file's name, for example '.csv'."""
    media_type: str
    write: Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of job. A course has at most one active job of a kind."""

    name: str
    label: str
    """A message for translators."""
    help: str
    """One sentence about the contents of the file, a message for translators."""
    forms: tuple[Form, ...]

    def form(self, name: str) -> Form:
        """Return the form with the name. Raises NoSuchKind."""
        for form in self.forms:
            if form.name == name:
                return form
        msg = f"The kind {self.name!r} has no form {name!r}."
        raise NoSuchKind(msg)


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Add a kind, or replace the one with its name."""
    _kinds[kind.name] = kind


def get_kinds() -> tuple[Kind, ...]:
    """Return all kinds in the order in which they were registered."""
    return tuple(_kinds.values())


def get_kind(name: str) -> Kind:
    """Return the kind with the name. Raises NoSuchKind."""
    try:
        return _kinds[name]
    except KeyError:
        msg = f"There is no kind of job {name!r}. Known kinds: {', '.join(_kinds) or 'none'}."
        raise NoSuchKind(msg) from None
