"""Usage ids, which are opaque keys in courses that have them, else the workbench's dotted text.

The text is `scenario.type.url_name.d0.u0`, or without the url_name if the XML gives none.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any


def course_id_of(usage_id: Any) -> str:
    """Return the course id of an opaque key, without branch and version, or else the scenario."""
    course_key = getattr(usage_id, "context_key", None)
    if course_key is None:
        return str(usage_id).partition(".")[0]
    return plain_course_id(course_key)


def type_of(usage_id: Any) -> str:
    """Return the block's type."""
    if hasattr(usage_id, "block_type"):
        return str(usage_id.block_type)
    return str(usage_id).split(".")[1]


def url_name_of(usage_id: Any) -> str | None:
    """Return the block's url_name, or None if its XML gives none."""
    if hasattr(usage_id, "block_id"):
        return str(usage_id.block_id)
    parts = str(usage_id).split(".")
    return ".".join(parts[2:-2]) if len(parts) > 4 else None


@lru_cache(maxsize=1_000)
def plain_course_id(course_key: Any) -> str:
    """Return the course key without branch and version. Cached, because keys are immutable."""
    if hasattr(course_key, "version_agnostic"):
        course_key = course_key.version_agnostic().for_branch(None)
    return str(course_key)
