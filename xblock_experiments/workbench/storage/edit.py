"""What an author's request changes of a course: made on a copy, kept on disk, then served at once.

Whoever reads the course meanwhile reads it as it was. Of two authors who change it at the same time
the later one is told.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from django.db import transaction

from xblock_experiments.errors import ExperimentsError
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.courses.registry import registry
from xblock_experiments.workbench.storage import versions


class EditedMeanwhile(ExperimentsError):
    """Somebody else has changed the course since this request began. Nothing was changed."""


class Edit:
    """One request's. Nothing is copied before the first change, and nobody is kept waiting."""

    def __init__(self, course: CourseBlocks) -> None:
        self._before = course
        self._lock = ExitStack()
        self.draft: CourseBlocks | None = None
        self.publish: Callable[[], object] = lambda: None
        """Tells the database of the change: called when the rest of it is done."""

    def begin(self) -> CourseBlocks:
        """The copy to change. From now on nobody else changes a course until this is done.

        Raises EditedMeanwhile, NotStored.
        """
        if self.draft is None:
            self._lock.enter_context(versions.locked())
            is_present = registry.with_id(self._before.course_id) is self._before
            if not is_present or not versions.is_newest(self._before):
                msg = f"The course {self._before.course_id} was changed by somebody else just now."
                raise EditedMeanwhile(msg)
            self.draft = self._before.copy()
        return self.draft

    def finish(self) -> None:
        """Serve the copy in place of the course, here and on disk. After an error, nowhere.

        The copy is written before the database is asked for anything: that takes longest.
        """
        draft = self.draft
        if draft is None:
            return
        draft.forget_unreachable()
        versions.write(draft)
        with transaction.atomic():
            self.publish()
            versions.put_in_place(draft)
        registry.add(draft)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._lock.close()
