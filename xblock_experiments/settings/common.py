"""The one setting, XBLOCK_EXPERIMENTS: a dictionary, of which each key has a default."""

from __future__ import annotations

from os import PathLike
from typing import Any

from django.conf import settings as _settings
from django.core.exceptions import ImproperlyConfigured

DEFAULTS: dict[str, Any] = {
    "ADMIN_WRITES": False,
    "COURSES": [],
    "COURSES_WITH_UNSAFE_CODE": [],
    "EVENT_BUS_TOPIC": "experiments",
    "EVENT_LOG": None,
    "EVENT_TAGS": [],
    "GLOBAL_WRITES": True,
    "IMPORTED": "var/courses",
    "OUTBOX": [],
    "PRIVATE_TAGS": [],
    "STAFF": [],
    "XAPI": {},
}
TEXT = (str, PathLike)
_KINDS: dict[type, tuple[tuple[type, ...], str]] = {
    bool: ((bool,), "True or False"),
    dict: ((dict,), 'a dictionary, such as {"name": "value"}'),
    list: ((list, tuple, set, frozenset), 'a list, such as ["one", "another"]'),
    str: (TEXT, 'a text, such as "one"'),
    type(None): ((*TEXT, type(None)), 'a text, such as "one", or None'),
}
"""By the type of the default: what else will do, and what to write."""


def plugin_settings(settings: Any) -> None:
    """Give a host's settings module the defaults of what it does not set itself."""
    settings.XBLOCK_EXPERIMENTS = {**DEFAULTS, **getattr(settings, "XBLOCK_EXPERIMENTS", {})}


def setting(name: str) -> Any:
    """Raises ImproperlyConfigured: a text in place of a list would be read letter by letter."""
    value = given().get(name, DEFAULTS[name])
    if not isinstance(value, _KINDS[type(DEFAULTS[name])][0]):
        raise ImproperlyConfigured(flaw_of_type(name, value))
    return value


def given() -> dict[str, Any]:
    """What the site has set."""
    its: dict[str, Any] = getattr(_settings, "XBLOCK_EXPERIMENTS", {})
    return its


def flaw_of_type(name: str, value: object) -> str | None:
    """The value is not shown: it may hold a secret."""
    types, wanted = _KINDS[type(DEFAULTS[name])]
    if isinstance(value, types):
        return None
    return f'XBLOCK_EXPERIMENTS["{name}"] must be {wanted}, not of type {type(value).__name__}.'
