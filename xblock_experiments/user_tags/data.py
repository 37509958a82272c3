"""Tags: what a key and a value may be, and what can be wrong with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

from xblock_experiments.errors import ExperimentsError

type JSON = bool | int | float | str | list[JSON] | dict[str, JSON] | None

MAX_VALUE_BYTES = 64 * 1024
MAX_DIGITS = 18
"""Of a counter, so that no database's integers overflow when two are added."""
NULL = "null"
"""The JSON text of None."""


class Expectation(Enum):
    """What a caller expects of a tag who does not care which value it has."""

    ANY = "any"

    def __repr__(self) -> str:
        return self.name


ANY = Expectation.ANY


class TagError(ExperimentsError):
    """Something about a tag keeps the call from being done; nothing was changed."""


class InvalidTag(TagError, ValueError):
    """A key, a value, or an id that cannot be stored."""


class Conflict(TagError):
    """A tag has no longer the value that the caller expected. Read it again, and decide again."""


class NotOwner(TagError, PermissionError):
    """A block tried to write a tag of another block type."""


class GlobalIsReadOnly(TagError, PermissionError):
    """The operator of this site lets no block write global tags."""


class NoUser(TagError):
    """There is nobody to write a tag of: an anonymous visitor, or a preview in an editor."""


def owner_of(key: str) -> str | None:
    """The block type that may write the tag; None of a key that names none."""
    type_, dot, _ = key.partition(".")
    return type_ if dot else None


def dump_value(value: Any) -> str:
    """The JSON text of `value`, which `json.loads` makes an equal value of the same types from.

    Keys are in order: equal values have equal texts, by which databases compare them.

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
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def load_value(text: str) -> JSON:
    """What `dump_value` made the text of."""
    value: JSON = json.loads(text)
    return value


def page_of[V](tags: Mapping[str, V], after: str | None, limit: int | None) -> dict[str, V]:
    """The first `limit` with keys after `after`; all, where these are None.

    Keys are in the order of their code points, whatever order a database has. Raises InvalidTag.
    """
    if limit is not None and limit < 0:
        msg = f"A page can have no {limit} tags: the limit must be 0 or more."
        raise InvalidTag(msg)
    keys = sorted(key for key in tags if after is None or key > after)
    return {key: tags[key] for key in keys[:limit]}


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
