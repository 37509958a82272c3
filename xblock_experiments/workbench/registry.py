"""The courses that this process serves."""

from __future__ import annotations

from typing import Any

from xblock_experiments.workbench.course import CourseBlocks, course_id_of


class Registry:
    """Courses by their ids."""

    def __init__(self) -> None:
        self._courses: dict[str, CourseBlocks] = {}

    def add(self, course: CourseBlocks) -> None:
        """In place of the one with its id, if there is one."""
        self._courses = {**self._courses, course.course_id: course}

    def clear(self) -> None:
        self._courses = {}

    def courses(self) -> tuple[CourseBlocks, ...]:
        return tuple(self._courses.values())

    def course_of(self, usage_id: Any) -> CourseBlocks | None:
        """The course that has the block."""
        course = self._courses.get(course_id_of(usage_id))
        return course if course is not None and usage_id in course.types else None

    def named(self, name: str) -> CourseBlocks | None:
        return next((course for course in self.courses() if course.name == name), None)


registry = Registry()
