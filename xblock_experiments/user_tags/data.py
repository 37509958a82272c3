"""The values and keys that tags can have, and the errors about them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from xblock_experiments.errors import ExperimentsError, WrongId

type JSON = bool | int | float | str | list[JSON] | dict[str, JSON] | None
"""A value that was stored."""
type Storable = bool | int | float | str | Sequence[Storable] | Mapping[str, Storable] | None
"""A value to store. Its lists and dictionaries can be of any values, such as `list[str]`.

Only lists and dictionaries can be stored: `dump_value` refuses other sequences and mappings.
"""

MAX_VALUE_BYTES = 64 * 1024
MAX_DIGITS = 18
"""The maximum of a counter's digits, so that adding two counters overflows in no database."""
NULL = "null"
"""The JSON text of None."""


class Expectation(Enum):
    """A marker for callers that accept any present value."""

    ANY = "any"

    def __repr__(self) -> str:
        return self.name


ANY = Expectation.ANY


class TagError(ExperimentsError):
    """The base class of errors that keep a call from completing. The call changed nothing."""


class InvalidTag(TagError, ValueError):
    """Raised for a key, a value or an id that cannot be stored."""


class InvalidTagId(InvalidTag, WrongId):
    """An id of a user or a course that cannot be stored."""


class Conflict(TagError):
    """Raised if a tag no longer has the expected value. Read it again, then decide again."""


class NotOwner(TagError, PermissionError):
    """Raised if a block writes a tag of another block type."""


class GlobalIsReadOnly(TagError, PermissionError):
    """Raised if the operator of the site forbids blocks to write global tags."""


class NoUser(TagError):
    """Raised if there is no user to write a tag for: an anonymous or retired user, or an editor's
    preview.
    """


class NoService(TagError):
    """Raised if a value is set, but the runtime lacks `user_info`, which the block only wants."""


def owner_of(key: str) -> str | None:
    """Return the block type that may write the tag, or None if the key names no type."""
    type_, dot, _ = key.partition(".")
    return type_ if dot else None


def dump_value(value: Any) -> str:
    """Return the JSON text of `value`, from which `load_value` restores an equal value.

    Keys are sorted, so equal values have equal texts, which databases compare.

    Raises InvalidTag for values that are not JSON, such as a tuple, NaN or a key that is not text,
    and for more than MAX_VALUE_BYTES of UTF-8.
    """
    try:
        text = json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
        same = _is_same(json.loads(text), value)
    except (TypeError, ValueError, RecursionError) as error:
        msg = f"A tag's value must be JSON: {error}."
        raise InvalidTag(msg) from error
    if not same:
        msg = f"A tag's value must be JSON that reads back equal, unlike {_short(value)}."
        raise InvalidTag(msg)
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_VALUE_BYTES:
        msg = f"A tag's value can have {MAX_VALUE_BYTES} bytes as JSON, but this one has {size}."
        raise InvalidTag(msg)
    # ASCII is safe in all databases: PostgreSQL accepts neither NUL nor half surrogates.
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def load_value(text: str) -> JSON:
    """Return the value from the text that `dump_value` returned."""
    value: JSON = json.loads(text)
    return value


def page_of[V](tags: Mapping[str, V], after: str | None, limit: int | None) -> dict[str, V]:
    """Return the first `limit` tags with keys after `after`, or all if these are None.

    Sorts keys by code points, whatever order the database uses. Raises InvalidTag.
    """
    if limit is not None and limit < 0:
        msg = f"The limit of a page must be 0 or more, not {limit}."
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
