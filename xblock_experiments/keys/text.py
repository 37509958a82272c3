"""Usage ids that are text, with the attributes of opaque keys that Open edX's blocks use."""

from __future__ import annotations

import re
from typing import Any, Self

from xblock_experiments.keys import usage


class TextCourse(str):
    """The id of a course that has no course key."""

    __slots__ = ()

    is_course = True

    def for_branch(self, branch: Any) -> Self:
        return self


class TextUsage(str):
    """The usage id of a block in such a course, or in an SDK scenario. It equals its text."""

    __slots__ = ()

    @property
    def block_type(self) -> str:
        return usage.type_of(str(self))

    @property
    def block_id(self) -> str:
        """The block's url_name, or else the part of the usage id after the block type."""
        return usage.url_name_of(str(self)) or ".".join(self.split(".")[2:])

    @property
    def context_key(self) -> TextCourse:
        return TextCourse(usage.course_id_of(str(self)))

    course_key = context_key

    def html_id(self) -> str:
        """Return a text that is safe in an HTML id and in a selector."""
        return re.sub(r"[^\w-]", "-", self)


def with_text_usage(scope_ids: Any) -> Any:
    """Return the ids. A usage id that is plain text becomes a TextUsage."""
    if type(scope_ids.usage_id) is not str:
        return scope_ids
    return scope_ids._replace(usage_id=TextUsage(scope_ids.usage_id))
