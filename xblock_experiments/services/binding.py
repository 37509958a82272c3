"""The user, course and block that a service works for, derived from the block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from opaque_keys import OpaqueKey

from xblock_experiments.course_user_segmentation.data import InvalidId
from xblock_experiments.errors import NoCourse
from xblock_experiments.keys import usage
from xblock_experiments.keys.ids import flaw_of


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
        """Return the binding of the block. Raises InvalidId or NoCourse."""
        ids = block.scope_ids
        return cls(
            user_id=user_id_of(ids.user_id),
            course_id=course_id_of(runtime, block),
            block_type=ids.block_type,
            usage_id=str(ids.usage_id),
        )


def user_id_of(value: Any) -> str | None:
    """Return a runtime's user id as text. Open edX's runtime has integers. Raises InvalidId."""
    if value is None or value == "":
        return None
    if isinstance(value, str) or type(value) is int:
        return str(value)
    raise _invalid("user", f"must be text or an integer, not {type(value).__name__}")


def course_id_of(runtime: Any, block: Any) -> str:
    """Return the id of the block's course. Raises InvalidId or NoCourse.

    Taken from an opaque usage key, else from the runtime, else from the workbench's scenario.
    """
    usage_id = block.scope_ids.usage_id
    course_key = getattr(usage_id, "context_key", None)
    if course_key is not None:
        return usage.plain_course_id(course_key)
    if not isinstance(usage_id, str | OpaqueKey):
        raise _invalid("block", f"must be text or a usage key, not {type(usage_id).__name__}")
    course_id = getattr(runtime, "course_id", None)
    if isinstance(course_id, OpaqueKey):
        return usage.plain_course_id(course_id)
    if course_id is not None:
        if flaw := flaw_of(course_id):
            raise _invalid("course", flaw)
        return str(course_id)
    if usage.is_in_scenario(usage_id):
        return usage.course_id_of(usage_id)
    msg = (
        f"The course of block {str(usage_id)!r} is unknown: its usage id is no usage key, and "
        f"{type(runtime).__name__} has no course_id. Give the runtime an attribute course_id."
    )
    raise NoCourse(msg)


def _invalid(whose: str, flaw: str) -> InvalidId:
    msg = f"The id of a {whose} {flaw}."
    return InvalidId(msg)
