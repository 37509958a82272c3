"""Checks of the values that callers pass, and the errors of conditional writes."""

from __future__ import annotations

from xblock_experiments.keys.ids import flaw_of
from xblock_experiments.user_tags.data import MAX_DIGITS, Conflict, InvalidTag, InvalidTagId


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
