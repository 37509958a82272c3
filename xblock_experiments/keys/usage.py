"""Usage ids, which are opaque keys in courses that have them, else the workbench's dotted text.

The text is `scenario.type.url_name.d0.u0`, or without the url_name if the XML gives none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey

SLUG = re.compile(r"[\w-]{1,40}")
_IN_SCENARIO = re.compile(r"[\w-]+\.[\w-]+\.(.+\.)?d\d+\.u\d+")
_DOTTED = re.compile(r"[\w-]+\.[\w-]+\..+\.d\d+\.u\d+")
_URL_NAME = re.compile(r"[\w~.:-]{1,100}")


def course_id_of(usage_id: Any) -> str:
    """Return the course id of an opaque key, without branch and version, or else the scenario."""
    course_key = getattr(usage_id, "context_key", None)
    if course_key is None:
        return str(usage_id).partition(".")[0]
    return plain_course_id(course_key)


def type_of(usage_id: Any) -> str:
    """Return the block's type."""
    if hasattr(usage_id, "block_type"):
        return str(usage_id.block_type)
    return str(usage_id).split(".")[1]


def url_name_of(usage_id: Any) -> str | None:
    """Return the block's url_name, or None if its XML gives none."""
    if hasattr(usage_id, "block_id"):
        return str(usage_id.block_id)
    parts = str(usage_id).split(".")
    return ".".join(parts[2:-2]) if len(parts) > 4 else None


def is_in_scenario(text: object) -> bool:
    """Return whether this is a dotted usage id, with or without a url_name."""
    return isinstance(text, str) and _IN_SCENARIO.fullmatch(text) is not None


def is_dotted(text: str) -> bool:
    """Return whether the text is a dotted usage id that has a url_name."""
    return _DOTTED.fullmatch(text) is not None


def plain_course_id(course_key: Any) -> str:
    """Return the course key without branch and version."""
    if getattr(course_key, "branch", None) or getattr(course_key, "version_guid", None):
        course_key = course_key.version_agnostic().for_branch(None)
    return str(course_key)


def usage_id(course_id: str, block_type: str, url_name: str) -> Any:
    """Return an opaque key if the course id is one, else the workbench's dotted text.

    Raises ValueError for a type or name that is not safe in ids, because hosts write ids into pages
    and URLs without escaping.
    """
    if not SLUG.fullmatch(block_type) or not _URL_NAME.fullmatch(url_name):
        msg = f"{block_type!r} and {url_name!r} are not valid parts of a usage id."
        raise ValueError(msg)
    course_key = _course_key(course_id)
    if course_key is None:
        return f"{course_id}.{block_type}.{url_name}.d0.u0"
    return course_key.make_usage_key(block_type, url_name)


@lru_cache(maxsize=100)
def _course_key(course_id: str) -> Any:
    """Return the course key in the text, or None."""
    try:
        return CourseKey.from_string(course_id)
    except InvalidKeyError:
        return None


@lru_cache(maxsize=1_000)
def parse_usage_id(text: str) -> Any:
    """Return the usage key in the text, or the text itself if it is not a key."""
    try:
        return UsageKey.from_string(text)
    except InvalidKeyError:
        return text


def as_usage_id(usage_id: Any) -> Any:
    """Return an opaque key even if the host has it as text, as in the URL of a handler."""
    if isinstance(usage_id, str) and usage_id.startswith("block-v1:"):
        return parse_usage_id(usage_id)
    return usage_id
