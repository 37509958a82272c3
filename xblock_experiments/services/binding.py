"""The user, course and block that a service works for, derived from the block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from xblock_experiments.keys import usage


@dataclass(frozen=True, slots=True)
class Binding:
    """The user, course and block that one service object is bound to."""

    user_id: str | None
    """The user's id, or None for an anonymous user and for previews in an editor."""
    course_id: str
    block_type: str
    usage_id: str

    @classmethod
    def of(cls, runtime: Any, block: Any) -> Self:
        ids = block.scope_ids
        return cls(
            user_id=None if ids.user_id in (None, "") else str(ids.user_id),
            course_id=course_id_of(runtime, block),
            block_type=ids.block_type,
            usage_id=str(ids.usage_id),
        )


def course_id_of(runtime: Any, block: Any) -> str:
    """Return the id of the block's course.

    Taken from an opaque usage key, else from the runtime, else from the workbench's scenario.
    """
    course_key = block.context_key
    if course_key is not None:
        return usage.plain_course_id(course_key)
    runtime_course_id = getattr(runtime, "course_id", None)
    if runtime_course_id is not None:
        return str(runtime_course_id)
    return usage.course_id_of(block.scope_ids.usage_id)
