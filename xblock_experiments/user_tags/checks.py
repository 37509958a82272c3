"""The rules for keys, scopes, owners and counters, and the errors of conditional writes.

The service `user_info` and its fake share these rules.
"""

from __future__ import annotations

from xblock_experiments.keys.ids import flaw_of
from xblock_experiments.keys.scope import Scope
from xblock_experiments.user_tags.data import (
    MAX_DIGITS,
    Conflict,
    InvalidTag,
    InvalidTagId,
    NotOwner,
    load_value,
    owner_of,
)


def check_id(text: str, whose: str) -> None:
    """Raise InvalidTagId if the id of a user or course cannot be stored."""
    if flaw := flaw_of(text):
        msg = f"The id of a {whose} {flaw}."
        raise InvalidTagId(msg)


def check_key(key: str) -> None:
    """Raise InvalidTag if the key cannot be stored."""
    if flaw := flaw_of(key):
        msg = f"The key of a tag {flaw}."
        raise InvalidTag(msg)


def check_scope(scope: Scope) -> None:
    """Raise InvalidTag if this is no scope."""
    if not isinstance(scope, Scope):
        msg = f"The scope must be COURSE or GLOBAL, not {scope!r}."
        raise InvalidTag(msg)


def check_owner(full_key: str, block_type: str) -> None:
    """Raise NotOwner if blocks of this type cannot write the tag."""
    if owner_of(full_key) != block_type:
        msg = f"A block of type {block_type!r} cannot write {full_key!r}: only its owner can."
        raise NotOwner(msg)


def full_key_of(key: str, block_type: str) -> str:
    """Return the full key that a block of this type means by `key`. Raises InvalidTag."""
    if not isinstance(key, str):
        msg = f"The key of a tag must be text, not {key!r}."
        raise InvalidTag(msg)
    # A subclass of str can override its methods: use the text that it really holds.
    text = str.__str__(key)
    full_key = text if "." in text else f"{block_type}.{text}"
    type_, _, name = full_key.partition(".")
    if not type_ or not name:
        msg = f"Invalid key {text!r}: use a name, or <xblock_type>.<name>."
        raise InvalidTag(msg)
    check_key(full_key)
    return full_key


def counted(text: str | None, key: str, by: int) -> int:
    """Return the counter of this JSON text, incremented by `by`. Raises InvalidTag."""
    check_amount(by)
    before = load_value(text or "0")
    if type(before) is not int or max(abs(before), abs(before + by)) >= 10**MAX_DIGITS:
        raise not_countable_error(key, by)
    return before + by


def check_amount(by: int) -> None:
    """Raise InvalidTag if a counter cannot be incremented by this value."""
    if type(by) is not int or abs(by) >= 10**MAX_DIGITS:
        msg = f"A tag is incremented by an integer of at most {MAX_DIGITS} digits, not {by!r}."
        raise InvalidTag(msg)


def not_countable_error(key: str, by: int) -> InvalidTag:
    """Return the error for the caller to raise."""
    msg = (
        f"The tag {key!r} cannot be incremented by {by}: it is not an integer, or would have more "
        f"than {MAX_DIGITS} digits."
    )
    return InvalidTag(msg)


def conflict_error(key: str) -> Conflict:
    """Return the error for the caller to raise."""
    msg = f"The tag {key!r} does not have the expected value any more. Get it and set it again."
    return Conflict(msg)
