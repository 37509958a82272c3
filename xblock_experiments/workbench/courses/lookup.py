"""The courses that are available to one runtime, for reading and for changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from xblock.exceptions import NoSuchUsage

from xblock_experiments.errors import NotStaff
from xblock_experiments.experiments.data import ContentChange
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.courses.registry import registry


class Courses(Protocol):
    """Finds courses by the ids of their blocks."""

    current: CourseBlocks | None
    """The course of the block that the runtime works on, or None for a scenario of the SDK."""
    is_editing: bool
    """Indicates whether blocks may now change a course, and therefore need copies of its values."""

    def course_of(self, usage_id: Any) -> CourseBlocks | None:
        """Return the course that has the block, or None for a block of an SDK scenario."""

    def course_to_change(self, usage_id: Any) -> CourseBlocks:
        """Return the course that has the block, so that it can be changed in place.

        Raises NotStaff, EditedMeanwhile, NotStored.
        """


class OneCourse:
    """A course that is being read, written or checked. It may be changed in place."""

    is_editing = False

    def __init__(self, course: CourseBlocks) -> None:
        self.current: CourseBlocks | None = course
        self._course = course

    def course_of(self, usage_id: Any) -> CourseBlocks | None:
        return self._course if usage_id in self._course.blocks else None

    def course_to_change(self, usage_id: Any) -> CourseBlocks:
        return self._course


class ServedCourses:
    """The courses that this process serves, for reading only."""

    is_editing = False

    def __init__(self) -> None:
        self.current: CourseBlocks | None = None

    def course_of(self, usage_id: Any) -> CourseBlocks | None:
        return registry.course_of(usage_id)

    def course_to_change(self, usage_id: Any) -> CourseBlocks:
        if self.course_of(usage_id) is None:
            raise NoSuchUsage(usage_id)
        msg = f"Only staff may change {usage_id}."
        raise NotStaff(msg)

    @contextmanager
    def editing(self, course: CourseBlocks | None) -> Iterator[Callable[[], None]]:
        """Yield a function that saves the changes. It does nothing, because there can be none."""
        yield lambda: None

    def content_changes(self) -> list[ContentChange]:
        """Return an empty list, because there can be no changes."""
        return []

    def publish(self, publish: Callable[[], object]) -> None:
        """Call `publish`, which changes the database for a course."""
        publish()
