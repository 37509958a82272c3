"""Modules of the platform that packages import while they run, and do not require."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Any


class CourseWaffleFlag:
    """What drag-and-drop-v2 asks whether to grade in a newer way. All flags are down."""

    def __init__(self, *name: Any, **options: Any) -> None:
        pass

    def is_enabled(self, course_key: Any = None) -> bool:
        return False


_MODULES: dict[str, dict[str, Any]] = {
    "openedx.core.djangoapps.waffle_utils": {"CourseWaffleFlag": CourseWaffleFlag},
}


def stand_in_for_the_platform() -> None:
    """Where there is none in this process."""
    if find_spec("openedx") is not None:
        return
    for path, names in _MODULES.items():
        parts = path.split(".")
        for length in range(1, len(parts) + 1):
            name = ".".join(parts[:length])
            sys.modules.setdefault(name, ModuleType(name))
        vars(sys.modules[path]).update(names)
