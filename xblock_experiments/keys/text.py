"""Usage ids that are text, with what blocks of Open edX ask of an opaque key."""

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
    """The usage id of a block in such a course, or in a scenario of the SDK. Equal to its text."""

    __slots__ = ()

    @property
    def block_type(self) -> str:
        return usage.type_of(str(self))

    @property
    def block_id(self) -> str:
        """What names the block in its course: its url_name, where it has one."""
        return usage.url_name_of(str(self)) or ".".join(self.split(".")[2:])

    @property
    def context_key(self) -> TextCourse:
        return TextCourse(usage.course_id_of(str(self)))

    course_key = context_key

    def html_id(self) -> str:
        """Can stand in an HTML id, and in a selector."""
        return re.sub(r"[^\w-]", "-", self)


def with_key_face(scope_ids: Any) -> Any:
    """The ids, where the usage id is bare text with that as a TextUsage."""
    if type(scope_ids.usage_id) is not str:
        return scope_ids
    return scope_ids._replace(usage_id=TextUsage(scope_ids.usage_id))
