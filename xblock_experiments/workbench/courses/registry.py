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
        """In place of the one with its id, if there is one."""
        self._courses = {**self._courses, course.course_id: course}

    def clear(self) -> None:
        self._courses = {}

    def with_id(self, course_id: str) -> CourseBlocks | None:
        return self._courses.get(course_id)

    def courses(self) -> tuple[CourseBlocks, ...]:
        return tuple(self._courses.values())

    def course_of(self, usage_id: Any) -> CourseBlocks | None:
        """The course that has the block."""
        course = self._courses.get(course_id_of(usage_id))
        return course if course is not None and usage_id in course.types else None

    def name_for(self, course_id: str, name: str) -> str:
        """The name that the course has already; else `name`, or with a number where it is taken."""
        if course_id in self._courses:
            return self._courses[course_id].name
        taken = {course.name for course in self.courses()}
        names = (name if number == 1 else f"{name}-{number}" for number in count(1))
        return next(free for free in names if free not in taken)

    def named(self, name: str) -> CourseBlocks | None:
        return next((course for course in self.courses() if course.name == name), None)


registry = Registry()
