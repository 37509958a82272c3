"""The rules that decide which blocks and events can see a tag.

Only a private tag's owner sees it, or nobody if its key names no owner. Events never contain its
value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from django.db import router

from xblock_experiments.settings.common import setting
from xblock_experiments.user_tags.data import JSON, NULL, load_value, owner_of
from xblock_experiments.user_tags.models import Tag


def is_hidden(key: str, block_type: str) -> bool:
    """Return whether the tag is invisible to blocks of this type."""
    return _is_private(key) and owner_of(key) != block_type


def may_be_in_events(key: str) -> bool:
    """Return whether events may contain the tag's value."""
    return _matches(key, setting("EVENT_TAGS")) and not _is_private(key)


def tags_for_events(texts: Mapping[str, str]) -> dict[str, JSON]:
    """Return the values that events may contain, by full key. `texts` holds JSON texts."""
    return {
        key: load_value(text)
        for key, text in texts.items()
        if may_be_in_events(key) and text != NULL
    }


def event_tags(course_id: str, user_ids: Sequence[str]) -> dict[str, dict[str, JSON]]:
    """Return the course's tags that events may contain, by user id and full key. At most one query.

    Reads the database for writes, because a replica may lack the change that the event is about.
    """
    if not setting("EVENT_TAGS"):
        return {}
    found: dict[str, dict[str, str]] = {}
    rows = Tag.objects.using(router.db_for_write(Tag)).filter(
        course_id=course_id, user_id__in=user_ids
    )
    for user_id, key, text in rows.values_list("user_id", "key", "value"):
        found.setdefault(user_id, {})[key] = text
    return {user_id: tags_for_events(texts) for user_id, texts in found.items()}


def _is_private(key: str) -> bool:
    return _matches(key, setting("PRIVATE_TAGS"))


def _matches(key: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(key, pattern) for pattern in patterns)
