"""What is checked of what callers give, and the errors that say what a tag is not."""

from __future__ import annotations

from xblock_experiments.keys.ids import flaw_of
from xblock_experiments.user_tags.data import MAX_DIGITS, Conflict, InvalidTag


def check_id(text: str, whose: str) -> None:
    """Raises InvalidTag."""
    _check(text, f"id of a {whose}")


def check_key(key: str) -> None:
    """Raises InvalidTag."""
    _check(key, "key of a tag")


def check_amount(by: int) -> None:
    """Raises InvalidTag for what no counter can be incremented by."""
    if type(by) is not int or abs(by) >= 10**MAX_DIGITS:
        msg = f"A tag is incremented by a whole number of at most {MAX_DIGITS} digits, not {by!r}."
        raise InvalidTag(msg)


def uncountable(key: str, by: int) -> InvalidTag:
    """The error, to be raised."""
    msg = (
        f"The tag {key!r} cannot be incremented by {by}: it is no whole number, or would have more "
        f"than {MAX_DIGITS} digits."
    )
    return InvalidTag(msg)


def overtaken(key: str) -> Conflict:
    """The error, to be raised."""
    msg = f"The tag {key!r} is not what was expected: somebody changed it. Get it and set it again."
    return Conflict(msg)


def _check(text: str, what: str) -> None:
    if flaw := flaw_of(text):
        msg = f"The {what} {flaw}."
        raise InvalidTag(msg)
