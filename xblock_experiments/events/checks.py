"""What Django's `check` says of the settings of the outbox."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error

from xblock_experiments.events import lrs, outbox
from xblock_experiments.settings.common import setting


def check_outbox(**_: Any) -> list[CheckMessage]:
    sinks = setting("OUTBOX")
    if not isinstance(sinks, list | tuple):
        msg = f'XBLOCK_EXPERIMENTS["OUTBOX"] is a list, not {sinks!r}.'
        return [Error(msg, id="xblock_experiments.E001")]
    errors: list[CheckMessage] = []
    for sink in sinks:
        if sink not in outbox.WANTED:
            msg = f'XBLOCK_EXPERIMENTS["OUTBOX"] names {sink!r}, to which nothing can be sent.'
            hint = f"There are {' and '.join(outbox.WANTED)}."
            errors.append(Error(msg, hint=hint, id="xblock_experiments.E002"))
    flaw = lrs.flaw_of_settings()
    if "xapi" in sinks and flaw:
        errors.append(Error(flaw, id="xblock_experiments.E003"))
    return errors
