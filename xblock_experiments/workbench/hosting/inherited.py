"""Settings of a course, a lesson or a unit that all blocks in it inherit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from xblock.fields import Boolean, Date, Field, Float, Integer, String, Timedelta

FIELDS: dict[str, Field] = {
    "days_early_for_beta": Float(),
    "due": Date(),
    "graceperiod": Timedelta(),
    "graded": Boolean(default=False),
    "max_attempts": Integer(),
    "rerandomize": String(default="never"),
    "self_paced": Boolean(default=False),
    "show_correctness": String(default="always"),
    "show_reset_button": Boolean(default=False),
    "showanswer": String(default="finished"),
    # The workbench opens courses without a start, so blocks must not wait for one.
    "start": Date(default=datetime(1970, 1, 1, tzinfo=UTC)),
    "static_asset_path": String(default=""),
}
"""The settings, each with its default on Open edX, except for `start`."""


def inheritable(attributes: Mapping[str, str], report: Callable[[str], object]) -> dict[str, str]:
    """Return the element's attributes that the blocks in it inherit. Report invalid values."""
    found: dict[str, str] = {}
    for name in sorted(FIELDS.keys() & attributes.keys()):
        try:
            value_of(name, attributes[name])
        # A date in an impossible year raises OverflowError.
        except (OverflowError, TypeError, ValueError) as error:
            report(f"the {name} {attributes[name]!r} cannot be used: {error}")
        else:
            found[name] = attributes[name]
    return found


def value_of(name: str, text: str | None) -> Any:
    """Return the value of the text, or the setting's default if there is no text."""
    return FIELDS[name].default if text is None else FIELDS[name].from_json(text)
