"""The errors of courses that cannot be read. They need no parser, unlike what raises them."""

from __future__ import annotations

from xblock_experiments.errors import ExperimentsError
from xblock_experiments.olx.sentences import Sentence, in_file


class OlxError(ExperimentsError):
    """The base class of errors for courses that cannot be read. Nothing of the course is stored."""

    def __init__(self, reason: Sentence, file: str | None = None) -> None:
        """Give the reason, and the file that it is about."""
        self.reason = reason
        self.sentence = reason if file is None else in_file(file, reason)
        super().__init__(self.sentence)


class InvalidCourse(OlxError, ValueError):
    """Raised if the source is not a course export, or is an unsafe one."""


class CourseTooLarge(OlxError, ValueError):
    """Raised if a course exceeds one of the limits."""
