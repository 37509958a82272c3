"""Usage ids: opaque keys where a course has them, the workbench's dotted text elsewhere.

The workbench's are `scenario.type.url_name.d0.u0`; without the url_name where the XML gave none.
"""

from __future__ import annotations

from typing import Any


def course_id_of(usage_id: Any) -> str:
    """The course of an opaque key, else the scenario."""
    course_key = getattr(usage_id, "context_key", None)
    return str(usage_id).partition(".")[0] if course_key is None else str(course_key)


def url_name_of(usage_id: Any) -> str | None:
    """None where the block was given none."""
    if hasattr(usage_id, "block_id"):
        return str(usage_id.block_id)
    parts = str(usage_id).split(".")
    return ".".join(parts[2:-2]) if len(parts) > 4 else None
