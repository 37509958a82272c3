"""The ids of blocks in courses, where definition ids equal usage ids. Other ids are the SDK's."""

from __future__ import annotations

import secrets
from typing import Any

from workbench.runtime import ID_MANAGER

from xblock_experiments.keys import usage
from xblock_experiments.workbench.courses.course import AuthoredBlock
from xblock_experiments.workbench.courses.lookup import Courses


class CourseIds:
    """XBlock's IdReader and IdGenerator for one runtime."""

    def __init__(self, courses: Courses) -> None:
        self._courses = courses

    def get_definition_id(self, usage_id: Any) -> Any:
        if self._courses.course_of(usage_id) is None:
            return ID_MANAGER.get_definition_id(usage_id)
        return usage_id

    def get_block_type(self, def_id: Any) -> Any:
        course = self._courses.course_of(def_id)
        return ID_MANAGER.get_block_type(def_id) if course is None else course.blocks[def_id].type

    def create_definition(self, block_type: str, slug: str | None = None) -> Any:
        """Add a new block to the current course and return its id."""
        current = self._courses.current
        if current is None:
            return ID_MANAGER.create_definition(block_type, slug)
        course = self._courses.course_to_change(current.usage_id)
        usage_id = usage.usage_id(course.course_id, block_type, slug or secrets.token_hex(16))
        course.blocks[usage_id] = AuthoredBlock(block_type)
        return usage_id

    def create_usage(self, def_id: Any) -> Any:
        if self._courses.course_of(def_id) is None:
            return ID_MANAGER.create_usage(def_id)
        return def_id

    def __getattr__(self, name: str) -> Any:
        return getattr(ID_MANAGER, name)
