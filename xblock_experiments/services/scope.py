"""Where a tag is kept."""

from __future__ import annotations

from enum import Enum


class Scope(Enum):
    """One course, or everywhere."""

    COURSE = "course"
    GLOBAL = "global"


COURSE = Scope.COURSE
GLOBAL = Scope.GLOBAL
