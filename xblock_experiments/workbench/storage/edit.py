"""Changes of one request to a course: made on a copy, written to disk, then served immediately.

Other requests read the unchanged course until then. If two authors change a course at the same
time, the later change raises EditedMeanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db import transaction
from xblock.exceptions import NoSuchUsage

from xblock_experiments.errors import ExperimentsError
from xblock_experiments.experiments.data import ContentChange
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.courses.lookup import ServedCourses
from xblock_experiments.workbench.courses.registry import registry
from xblock_experiments.workbench.storage import structures, versions
from xblock_experiments.workbench.storage.content_changes import content_changes


class EditedMeanwhile(ExperimentsError):
    """Raised if another author changed the course since this request began. Changes nothing."""


class Draft:
    """A copy of one course, made at its first change."""

    def __init__(self, course: CourseBlocks) -> None:
        self.before = course
        self.copy: CourseBlocks | None = None
        self.publications: list[Callable[[], object]] = []
        """Changes to the database. Made when the copy is on disk."""
        self._lock = ExitStack()

    def begin(self) -> CourseBlocks:
        """Return the copy to change. Until `close`, no other process can change a course.

        Raises EditedMeanwhile, NotStored.
        """
        if self.copy is None:
            self._lock.enter_context(versions.locked())
            is_present = registry.with_id(self.before.course_id) is self.before
            if not is_present or not versions.is_newest(self.before):
                msg = (
                    f"Another author has just changed the course {self.before.course_id}. "
                    f"Reload the page and try again."
                )
                raise EditedMeanwhile(msg)
            self.copy = self.before.copy()
        return self.copy

    def save(self) -> None:
        """Replace the course by the copy, in memory and on disk. After an error, in neither.

        Files are written before the transaction begins, because this is slow. Raises
        CourseTooLarge, NotStored.
        """
        copy = self.copy
        if copy is None:
            return
        copy.forget_unreachable()
        structure = structures.structure_of(copy)
        versions.write(copy)
        with transaction.atomic():
            for publish in self.publications:
                publish()
            structures.save(copy, structure)
            versions.activate(copy)
        registry.add(copy)

    def close(self) -> None:
        self._lock.close()


class Edit(ServedCourses):
    """The served courses for a member of staff, whose handlers may change one of them."""

    def __init__(self) -> None:
        super().__init__()
        self._draft: Draft | None = None

    @property
    def is_editing(self) -> bool:  # type: ignore[override]
        return self._draft is not None

    @contextmanager
    def editing(self, course: CourseBlocks | None) -> Iterator[Callable[[], None]]:
        """Collect changes to the course in a draft. Yield the function that saves them."""
        if course is None:
            yield lambda: None
            return
        self._draft = Draft(course)
        try:
            yield self._draft.save
        finally:
            self._draft.close()
            self._draft = None

    def course_of(self, usage_id: Any) -> CourseBlocks | None:
        copy = self._draft.copy if self._draft else None
        return copy if copy and usage_id in copy.blocks else super().course_of(usage_id)

    def course_to_change(self, usage_id: Any) -> CourseBlocks:
        """Return the draft within a handler, or else the served course itself.

        Raises EditedMeanwhile, NotStored.
        """
        course = self.course_of(usage_id)
        if course is None:
            raise NoSuchUsage(usage_id)
        if self._draft is None:
            return course
        self.current = copy = self._draft.begin()
        copy.forget_source(usage_id)
        return copy

    def content_changes(self) -> list[ContentChange]:
        """Return how the handler's changes alter what learners of experiments are given."""
        draft = self._draft
        return content_changes(draft.before, draft.copy) if draft and draft.copy else []

    def publish(self, publish: Callable[[], object]) -> None:
        """Change the database for a course: when the handler's draft is saved, or else now."""
        if self._draft is None:
            publish()
        else:
            self._draft.publications.append(publish)
