"""Settings of a course, a lesson or a unit that all blocks in it inherit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from xblock.fields import Boolean, Date, Field, Float, Integer, String, Timedelta

from xblock_experiments.olx.sentences import Sentence
from xblock_experiments.olx.values import value_of as attribute_value


class GroupAccess(Field):
    """The groups that may see a block, by segmentation. No groups mean everybody."""

    def from_json(self, value: Any) -> Any:
        if value is None:
            return {}
        if not isinstance(value, dict):
            msg = "it is not a JSON object"
            raise TypeError(msg)
        return {int(id): frozenset(map(int, groups or ())) for id, groups in value.items()}


FIELDS: dict[str, Field] = {
    "days_early_for_beta": Float(),
    "due": Date(),
    "format": String(default=""),
    "graceperiod": Timedelta(),
    "graded": Boolean(default=False),
    "group_access": GroupAccess(default={}),
    "max_attempts": Integer(),
    "rerandomize": String(default="never"),
    "self_paced": Boolean(default=False),
    "show_correctness": String(default="always"),
    "show_reset_button": Boolean(default=False),
    "showanswer": String(default="finished"),
    # The workbench opens courses without a start, so blocks must not wait for one.
    "start": Date(default=datetime(1970, 1, 1, tzinfo=UTC)),
    "static_asset_path": String(default=""),
    "visible_to_staff_only": Boolean(default=False),
}
"""The settings, each with its default on Open edX, except for `start`."""
_UNUSABLE = (OSError, OverflowError, TypeError, ValueError)
"""The errors of fields. A date in an impossible year raises any of them, depending on the year."""


def inheritable(
    attributes: Mapping[str, str], report: Callable[[Sentence], object]
) -> dict[str, str]:
    """Return the element's attributes that the blocks in it inherit. Report invalid values."""
    found: dict[str, str] = {}
    for name in sorted(FIELDS.keys() & attributes.keys()):
        try:
            value_of(name, attributes[name])
        except _UNUSABLE as error:
            reason = Sentence(
                "the {name} {value} cannot be used: {error}",
                name=name,
                value=repr(attributes[name]),
                error=error,
            )
            report(reason)
        else:
            found[name] = attributes[name]
    return found


def value_of(name: str, text: str | None) -> Any:
    """Return the value of the text, or the setting's default if there is no text."""
    if text is None:
        return FIELDS[name].default
    return FIELDS[name].from_json(json_of(name, text))


def json_of(name: str, text: str | None) -> Any:
    """Return the JSON value of a setting, which is the text itself unless the text is JSON."""
    value = None if text is None else attribute_value(text)
    try:
        FIELDS[name].from_json(value)
    except _UNUSABLE:
        return text
    return value
