"""The setting XBLOCK_EXPERIMENTS, a dictionary with a default for each key."""

from __future__ import annotations

from os import PathLike
from typing import Any

from django.conf import settings as _settings
from django.core.exceptions import ImproperlyConfigured

DEFAULTS: dict[str, Any] = {
    "ADMIN_WRITES": False,
    "COURSES": [],
    "COURSES_WITH_UNSAFE_CODE": [],
    "EVENTS_FOR_ALL": False,
    "EVENT_BUS_TOPIC": "experiments",
    "EVENT_LOG": None,
    "EVENT_TAGS": [],
    "GLOBAL_WRITES": True,
    "IMPORTED": "var/courses",
    "JOBS_FOLDER": "var/jobs",
    "JOB_FILES_KEPT": 7,
    "KEEP_POINTS": True,
    "LEARNERS": None,
    "OUTBOX": [],
    "PRIVATE_TAGS": [],
    "RESEARCH_KEY_FILE": None,
    "RETIRED_KEY": "",
    "STAFF": [],
    "XAPI": {},
}
TEXT = (str, PathLike)
_KINDS: dict[type, tuple[tuple[type, ...], str]] = {
    bool: ((bool,), "True or False"),
    int: ((int, float), "a number, such as 7"),
    dict: ((dict,), 'a dictionary, such as {"name": "value"}'),
    list: ((list, tuple, set, frozenset), 'a list, such as ["one", "another"]'),
    str: (TEXT, 'a text, such as "one"'),
    type(None): ((type(None), *TEXT), 'a text, such as "one", or None'),
}
"""The accepted types, and the wording for error messages, by the type of the default."""


def plugin_settings(settings: Any) -> None:
    """Add the defaults of missing keys to a host's settings module."""
    settings.XBLOCK_EXPERIMENTS = {**DEFAULTS, **getattr(settings, "XBLOCK_EXPERIMENTS", {})}


def setting(name: str) -> Any:
    """Return a key's value or default.

    Raises ImproperlyConfigured for a wrong type: a text in place of a list would be read letter by
    letter.
    """
    value = given().get(name, DEFAULTS[name])
    if not isinstance(value, _KINDS[type(DEFAULTS[name])][0]):
        raise ImproperlyConfigured(flaw_of_type(name, value))
    return value


def given() -> dict[str, Any]:
    """Return the site's value of XBLOCK_EXPERIMENTS."""
    its: dict[str, Any] = getattr(_settings, "XBLOCK_EXPERIMENTS", {})
    return its


def flaw_of_type(name: str, value: object) -> str | None:
    """Return an error message for a value of the wrong type, without the possibly secret value."""
    types, wanted = _KINDS[type(DEFAULTS[name])]
    if isinstance(value, types):
        return None
    return f'XBLOCK_EXPERIMENTS["{name}"] must be {wanted}, not of type {type(value).__name__}.'
