"""What an author's request changes of a course: made on a copy, kept on disk, then served at once.

Whoever reads the course meanwhile reads it as it was. Of two authors who change it at the same time
the later one is told.
"""

from __future__ import annotations

import copy
import threading
from types import TracebackType
from typing import Self

from xblock_experiments.errors import ExperimentsError, NotStored
from xblock_experiments.workbench import keeping
from xblock_experiments.workbench.course import CourseBlocks
from xblock_experiments.workbench.registry import registry

_lock = threading.Lock()
_PATIENCE = 20.0
"""Seconds that an author waits for another one's request."""


class EditedMeanwhile(ExperimentsError):
    """Somebody else has changed the course since this request began. Nothing was changed."""


class Edit:
    """One request's. Nothing is copied before the first change, and nobody is kept waiting."""

    def __init__(self, course: CourseBlocks) -> None:
        self._before = course
        self.draft: CourseBlocks | None = None

    def begin(self) -> CourseBlocks:
        """The copy to change. From now on nobody else changes a course until this is done.

        Raises EditedMeanwhile, NotStored.
        """
        if self.draft is None:
            if not _lock.acquire(timeout=_PATIENCE):
                msg = "Another author's change takes too long. Try again in a moment."
                raise NotStored(msg)
            self.draft = copy.deepcopy(self._before)
            if registry.with_id(self._before.course_id) is not self._before:
                msg = f"The course {self._before.course_id} was changed by somebody else just now."
                raise EditedMeanwhile(msg)
        return self.draft

    def write(self) -> None:
        """Write the copy to disk, beside the course that is served."""
        if self.draft is not None:
            _forget_unreachable(self.draft)
            keeping.write(self.draft)

    def publish(self) -> None:
        """Serve the copy in place of the course."""
        if self.draft is not None:
            keeping.put_in_place(self.draft)
            registry.add(self.draft)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.draft is not None:
            self.draft = None
            _lock.release()


def _forget_unreachable(course: CourseBlocks) -> None:
    kept = set(course.below(course.usage_id))
    for usage_id in [each for each in course.types if each not in kept]:
        course.forget(usage_id)
