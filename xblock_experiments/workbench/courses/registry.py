"""The courses that this process serves."""

from __future__ import annotations

from itertools import count
from typing import Any

from xblock_experiments.keys.usage import course_id_of
from xblock_experiments.workbench.courses.course import CourseBlocks


class Registry:
    """Courses by their ids."""

    def __init__(self) -> None:
        self._courses: dict[str, CourseBlocks] = {}

    def add(self, course: CourseBlocks) -> None:
        """Add the course, or replace the course with its id. It no longer changes."""
        course.freeze()
        self._courses = {**self._courses, course.course_id: course}

    def clear(self) -> None:
        self._courses = {}

    def with_id(self, course_id: str) -> CourseBlocks | None:
        return self._courses.get(course_id)

    def courses(self) -> tuple[CourseBlocks, ...]:
        return tuple(self._courses.values())

    def course_of(self, usage_id: Any) -> CourseBlocks | None:
        """Return the course that has the block, or None."""
        course = self._courses.get(course_id_of(usage_id))
        return course if course is not None and usage_id in course.blocks else None

    def name_for(self, course_id: str, name: str) -> str:
        """Return the course's current name, or else `name`, with a number if it is taken."""
        if course_id in self._courses:
            return self._courses[course_id].name
        taken = {course.name for course in self.courses()}
        names = (name if number == 1 else f"{name}-{number}" for number in count(1))
        return next(free for free in names if free not in taken)

    def named(self, name: str) -> CourseBlocks | None:
        return next((course for course in self.courses() if course.name == name), None)


registry = Registry()
