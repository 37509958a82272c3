"""The one setting, XBLOCK_EXPERIMENTS: a dictionary, of which each key has a default."""

from __future__ import annotations

from typing import Any

from django.conf import settings as _settings

DEFAULTS: dict[str, Any] = {
    "COURSES": [],
    "COURSES_WITH_UNSAFE_CODE": [],
    "IMPORTED": "var/courses",
    "GLOBAL_WRITES": True,
    "STAFF": [],
}


def plugin_settings(settings: Any) -> None:
    """Give a host's settings module the defaults of what it does not set itself."""
    settings.XBLOCK_EXPERIMENTS = {**DEFAULTS, **getattr(settings, "XBLOCK_EXPERIMENTS", {})}


def setting(name: str) -> Any:
    return getattr(_settings, "XBLOCK_EXPERIMENTS", {}).get(name, DEFAULTS[name])
