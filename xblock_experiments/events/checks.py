"""Django system checks of the setting XBLOCK_EXPERIMENTS and of the outbox's requirements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db import router

from xblock_experiments.events import bus, lrs, outbox
from xblock_experiments.retired.hashing import flaw_of_key
from xblock_experiments.settings.common import DEFAULTS, TEXT, flaw_of_type, given, setting

_APP = "xblock_experiments_events"
_JOBS = "xblock_experiments.jobs"
_RETIRED = "xblock_experiments.retired"


def check_settings(**_: Any) -> list[CheckMessage]:
    """Check the settings. Their values are checked only if all of them have the right types."""
    return [*_types()] or [*_retired_key(), *_jobs_folder(), *_outbox()]


def _types() -> Iterator[CheckMessage]:
    for name, value in given().items():
        if name not in DEFAULTS:
            msg = f'XBLOCK_EXPERIMENTS has the unknown key "{name}".'
            yield Error(msg, hint=f"Keys: {', '.join(DEFAULTS)}.", id="xblock_experiments.E004")
        elif flaw := flaw_of_type(name, value):
            yield Error(flaw, id="xblock_experiments.E001")
        elif isinstance(DEFAULTS[name], list):
            yield from _elements(name, value)


def _elements(name: str, value: Iterable[object]) -> Iterator[CheckMessage]:
    for element in value:
        if not isinstance(element, TEXT):
            msg = f'XBLOCK_EXPERIMENTS["{name}"] must be a list of texts, but contains {element!r}.'
            yield Error(msg, id="xblock_experiments.E005")


def _retired_key() -> Iterator[CheckMessage]:
    if not apps.is_installed(_RETIRED):
        msg = f"{_RETIRED} is not in INSTALLED_APPS, so data about retired users can come back."
        hint = f"Add {_RETIRED}, and migrate."
        yield Warning(msg, hint=hint, id="xblock_experiments.W009")
    elif flaw := flaw_of_key():
        yield Error(flaw, id="xblock_experiments.E008")


def _jobs_folder() -> Iterator[CheckMessage]:
    if settings.DEBUG or not apps.is_installed(_JOBS):
        return
    if not Path(setting("JOBS_FOLDER")).is_absolute():
        msg = 'XBLOCK_EXPERIMENTS["JOBS_FOLDER"] is relative to where each process was started.'
        hint = "Set it to an absolute path that all servers and workers reach."
        yield Warning(msg, hint=hint, id="xblock_experiments.W010")


def _outbox() -> Iterator[CheckMessage]:
    sinks = setting("OUTBOX")
    for sink in sinks:
        if sink not in outbox.WANTED:
            msg = f'XBLOCK_EXPERIMENTS["OUTBOX"] contains the unknown system {sink!r}.'
            hint = f"Use {' and '.join(outbox.WANTED)}."
            yield Error(msg, hint=hint, id="xblock_experiments.E002")
    if outbox.XAPI in sinks and (flaw := lrs.flaw_of_settings()):
        yield Error(flaw, id="xblock_experiments.E003")
    if outbox.BUS in sinks and (flaw := bus.flaw_of_settings()):
        yield Warning(flaw, id="xblock_experiments.W001")
    if sinks:
        yield from _table()


def _table() -> Iterator[CheckMessage]:
    """Check that one database has all tables, because events share their changes' transactions."""
    if not apps.is_installed("xblock_experiments.events"):
        msg = 'XBLOCK_EXPERIMENTS["OUTBOX"] needs xblock_experiments.events in INSTALLED_APPS.'
        yield Error(msg, id="xblock_experiments.E006")
        return
    place = router.db_for_write(apps.get_model(_APP, "WaitingEvent"))
    for model in apps.get_models():
        label = model._meta.app_label
        if label.startswith("xblock_experiments_") and router.db_for_write(model) != place:
            msg = f"The router writes {model._meta.label} to another database than {_APP}."
            hint = "OUTBOX needs one database for both."
            yield Error(msg, hint=hint, id="xblock_experiments.E007")
