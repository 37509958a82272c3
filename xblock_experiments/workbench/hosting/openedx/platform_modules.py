"""Replacements for modules of the platform that packages import at run time."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Any


class CourseWaffleFlag:
    """A feature flag of the platform that is always off. drag-and-drop-v2 reads one to grade."""

    def __init__(self, *name: Any, **options: Any) -> None:
        pass

    def is_enabled(self, course_key: Any = None) -> bool:
        return False


_MODULES: dict[str, dict[str, Any]] = {
    "openedx.core.djangoapps.waffle_utils": {"CourseWaffleFlag": CourseWaffleFlag},
}


def install() -> None:
    """Add the modules to this process, unless the platform is installed."""
    if find_spec("openedx") is not None:
        return
    for path, names in _MODULES.items():
        parts = path.split(".")
        for length in range(1, len(parts) + 1):
            name = ".".join(parts[:length])
            sys.modules.setdefault(name, ModuleType(name))
        vars(sys.modules[path]).update(names)
