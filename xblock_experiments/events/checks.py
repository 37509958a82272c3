"""What Django's `check` says of the one setting, and of what the outbox needs beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Warning
from django.db import router

from xblock_experiments.events import bus, lrs, outbox
from xblock_experiments.settings.common import DEFAULTS, TEXT, flaw_of_type, given, setting

_APP = "xblock_experiments_events"


def check_settings(**_: Any) -> list[CheckMessage]:
    """Of the outbox nothing can be said before all is of the right types."""
    return [*_types()] or [*_outbox()]


def _types() -> Iterator[CheckMessage]:
    for name, value in given().items():
        if name not in DEFAULTS:
            msg = f'XBLOCK_EXPERIMENTS has no "{name}".'
            yield Error(msg, hint=f"There are {', '.join(DEFAULTS)}.", id="xblock_experiments.E004")
        elif flaw := flaw_of_type(name, value):
            yield Error(flaw, id="xblock_experiments.E001")
        elif isinstance(DEFAULTS[name], list):
            yield from _elements(name, value)


def _elements(name: str, value: Iterable[object]) -> Iterator[CheckMessage]:
    for element in value:
        if not isinstance(element, TEXT):
            msg = f'XBLOCK_EXPERIMENTS["{name}"] is a list of texts, and {element!r} is none.'
            yield Error(msg, id="xblock_experiments.E005")


def _outbox() -> Iterator[CheckMessage]:
    sinks = setting("OUTBOX")
    for sink in sinks:
        if sink not in outbox.WANTED:
            msg = f'XBLOCK_EXPERIMENTS["OUTBOX"] names {sink!r}, to which nothing can be sent.'
            hint = f"There are {' and '.join(outbox.WANTED)}."
            yield Error(msg, hint=hint, id="xblock_experiments.E002")
    if outbox.XAPI in sinks and (flaw := lrs.flaw_of_settings()):
        yield Error(flaw, id="xblock_experiments.E003")
    if outbox.BUS in sinks and (flaw := bus.flaw_of_settings()):
        yield Warning(flaw, id="xblock_experiments.W001")
    if sinks:
        yield from _table()


def _table() -> Iterator[CheckMessage]:
    """Events are kept in the transaction of what they tell of: both are in one database."""
    if not apps.is_installed("xblock_experiments.events"):
        msg = 'XBLOCK_EXPERIMENTS["OUTBOX"] needs xblock_experiments.events in INSTALLED_APPS.'
        yield Error(msg, id="xblock_experiments.E006")
        return
    place = router.db_for_write(apps.get_model(_APP, "WaitingEvent"))
    for model in apps.get_models():
        label = model._meta.app_label
        if label.startswith("xblock_experiments_") and router.db_for_write(model) != place:
            msg = f"The router writes {model._meta.label} to another database than {_APP}."
            yield Error(msg, hint="OUTBOX needs one for both.", id="xblock_experiments.E007")
