"""The scopes in which a tag can be stored."""

from __future__ import annotations

from enum import Enum


class Scope(Enum):
    """A scope of tags: one course, or all courses."""

    COURSE = "course"
    GLOBAL = "global"


COURSE = Scope.COURSE
GLOBAL = Scope.GLOBAL
