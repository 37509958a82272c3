"""Usage ids: opaque keys where a course has them, the workbench's dotted text elsewhere.

The workbench's are `scenario.type.url_name.d0.u0`; without the url_name where the XML gave none.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any


def course_id_of(usage_id: Any) -> str:
    """The course of an opaque key, whatever its branch and version, else the scenario."""
    course_key = getattr(usage_id, "context_key", None)
    if course_key is None:
        return str(usage_id).partition(".")[0]
    return plain_course_id(course_key)


def type_of(usage_id: Any) -> str:
    """The type of the block."""
    if hasattr(usage_id, "block_type"):
        return str(usage_id.block_type)
    return str(usage_id).split(".")[1]


def url_name_of(usage_id: Any) -> str | None:
    """None where the block was given none."""
    if hasattr(usage_id, "block_id"):
        return str(usage_id.block_id)
    parts = str(usage_id).split(".")
    return ".".join(parts[2:-2]) if len(parts) > 4 else None


@lru_cache(maxsize=1_000)
def plain_course_id(course_key: Any) -> str:
    """The key, which is immutable, without branch and version."""
    if hasattr(course_key, "version_agnostic"):
        course_key = course_key.version_agnostic().for_branch(None)
    return str(course_key)
