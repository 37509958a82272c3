"""Tags: what a key and a value may be, and what can be wrong with them."""

from __future__ import annotations

import json
from typing import Any

from xblock_experiments.errors import ExperimentsError

type JSON = bool | int | float | str | list[JSON] | dict[str, JSON] | None

MAX_VALUE_BYTES = 64 * 1024


class TagError(ExperimentsError):
    """Something about a tag keeps the call from being done; nothing was changed."""


class InvalidTag(TagError, ValueError):
    """A key, a value, or an id that cannot be stored."""


class NotOwner(TagError, PermissionError):
    """A block tried to write a tag of another block type."""


class GlobalIsReadOnly(TagError, PermissionError):
    """The operator of this site lets no block write global tags."""


class NoUser(TagError):
    """There is nobody to write a tag of: an anonymous visitor, or a preview in an editor."""


def dump_value(value: Any) -> str:
    """The JSON text of `value`, which `json.loads` makes an equal value of the same types from.

    Raises InvalidTag: for what is not JSON, such as a tuple, a NaN, or a key that is not text, and
    for more than MAX_VALUE_BYTES of UTF-8.
    """
    try:
        text = json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
        same = _is_same(json.loads(text), value)
    except (TypeError, ValueError, RecursionError) as error:
        msg = f"A tag's value must be JSON: {error}."
        raise InvalidTag(msg) from error
    if not same:
        msg = f"A tag's value must be JSON that reads back equal, {_short(value)} does not."
        raise InvalidTag(msg)
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_VALUE_BYTES:
        msg = f"A tag's value may have {MAX_VALUE_BYTES} bytes as JSON, this one has {size}."
        raise InvalidTag(msg)
    # Stored as ASCII, which no database refuses: PostgreSQL takes no NUL and no half surrogate.
    return json.dumps(value, separators=(",", ":"))


def load_value(text: str) -> JSON:
    """What `dump_value` made the text of."""
    value: JSON = json.loads(text)
    return value


def _is_same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_is_same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    return bool(one == other)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
