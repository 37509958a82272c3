"""Ids: text for courses, users and blocks, numbers for segmentations and groups."""

from __future__ import annotations

import re

MAX_LENGTH = 255
MAX_ID = 2**31 - 1
_HALF_SURROGATE = re.compile("[\ud800-\udfff]")


def flaw_of(text: object) -> str | None:
    """Return why `text` cannot be an id, as the end of a sentence, or None if it can."""
    if not isinstance(text, str):
        return f"must be text, not {type(text).__name__}"
    if not text:
        return "is empty"
    if len(text) > MAX_LENGTH:
        return f"has {len(text)} characters, but only {MAX_LENGTH} are allowed"
    if "\x00" in text:
        return "contains a NUL character"
    if not text.isascii() and _HALF_SURROGATE.search(text):
        return "contains half a surrogate pair"
    return None


def is_id(value: object) -> bool:
    """Return whether `value` can be the id of a segmentation or group. 0 is a valid id."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_ID
