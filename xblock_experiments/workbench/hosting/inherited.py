"""Settings of a course, a lesson or a unit that all blocks in it inherit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from xblock.fields import Boolean, Date, Field, Integer, String, Timedelta

from xblock_experiments.olx.sentences import Sentence
from xblock_experiments.olx.values import value_of as attribute_value

FIELDS: dict[str, Field] = {
    "due": Date(),
    "graceperiod": Timedelta(),
    "graded": Boolean(),
    "max_attempts": Integer(),
    "rerandomize": String(),
    "show_correctness": String(),
    "show_reset_button": Boolean(),
    "showanswer": String(),
    "static_asset_path": String(),
}


def inheritable(
    attributes: Mapping[str, str], report: Callable[[Sentence], object]
) -> dict[str, str]:
    """Return the element's attributes that the blocks in it inherit. Report invalid values."""
    found: dict[str, str] = {}
    for name in sorted(FIELDS.keys() & attributes.keys()):
        try:
            value_of(name, attributes[name])
        # A date in an impossible year raises OverflowError.
        except (OverflowError, TypeError, ValueError) as error:
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
    return FIELDS[name].from_json(json_of(name, text))


def json_of(name: str, text: str | None) -> Any:
    """Return the JSON value of a setting, which is the text itself unless the text is JSON."""
    value = None if text is None else attribute_value(text)
    try:
        FIELDS[name].from_json(value)
    except (OverflowError, TypeError, ValueError):
        return text
    return value
