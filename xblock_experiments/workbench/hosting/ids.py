"""Ids of courses' blocks, where definitions are their usages. Of others the SDK knows."""

from __future__ import annotations

import secrets
from typing import Any

from workbench.runtime import ID_MANAGER

from xblock_experiments.keys import usage


class CourseIds:
    """Reads and makes ids, as XBlock's IdReader and IdGenerator, for one runtime."""

    def __init__(self, runtime: Any) -> None:
        self._runtime = runtime

    def get_definition_id(self, usage_id: Any) -> Any:
        if self._runtime.course_of(usage_id) is None:
            return ID_MANAGER.get_definition_id(usage_id)
        return usage_id

    def get_block_type(self, def_id: Any) -> Any:
        course = self._runtime.course_of(def_id)
        return ID_MANAGER.get_block_type(def_id) if course is None else course.types[def_id]

    def create_definition(self, block_type: str, slug: str | None = None) -> Any:
        """Of a new block of the course in hand, to which it is added."""
        if self._runtime.course is None:
            return ID_MANAGER.create_definition(block_type, slug)
        course = self._runtime.course_to_change(self._runtime.course.usage_id)
        usage_id = usage.usage_id(course.course_id, block_type, slug or secrets.token_hex(16))
        course.types[usage_id] = block_type
        course.values[usage_id] = {}
        return usage_id

    def create_usage(self, def_id: Any) -> Any:
        if self._runtime.course_of(def_id) is None:
            return ID_MANAGER.create_usage(def_id)
        return def_id

    def __getattr__(self, name: str) -> Any:
        return getattr(ID_MANAGER, name)
