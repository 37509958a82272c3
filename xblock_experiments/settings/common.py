"""The one setting, XBLOCK_EXPERIMENTS: a dictionary, of which each key has a default."""

from __future__ import annotations

from typing import Any

from django.conf import settings as _settings

DEFAULTS: dict[str, Any] = {
    "ADMIN_WRITES": False,
    "COURSES": [],
    "COURSES_WITH_UNSAFE_CODE": [],
    "EVENT_BUS_TOPIC": "experiments",
    "EVENT_LOG": None,
    "EVENT_TAGS": [],
    "IMPORTED": "var/courses",
    "GLOBAL_WRITES": True,
    "OUTBOX": [],
    "PRIVATE_TAGS": [],
    "STAFF": [],
    "XAPI": {},
}


def plugin_settings(settings: Any) -> None:
    """Give a host's settings module the defaults of what it does not set itself."""
    settings.XBLOCK_EXPERIMENTS = {**DEFAULTS, **getattr(settings, "XBLOCK_EXPERIMENTS", {})}


def setting(name: str) -> Any:
    return getattr(_settings, "XBLOCK_EXPERIMENTS", {}).get(name, DEFAULTS[name])
