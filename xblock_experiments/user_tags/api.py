"""The public interface of tags. Keys are full keys: `<xblock_type>.<name>`.

A `course_id` of None means global. Permission to write is checked by the services, not here.
"""

from __future__ import annotations

from django.db import router

from xblock_experiments.database.transactions import reports_faults
from xblock_experiments.user_tags import changes
from xblock_experiments.user_tags.checks import check_id, check_key
from xblock_experiments.user_tags.data import (
    ANY,
    JSON,
    Expectation,
    Storable,
    dump_value,
    load_value,
    page_of,
)
from xblock_experiments.user_tags.disclosure import event_tags as event_tags
from xblock_experiments.user_tags.disclosure import is_hidden as is_hidden
from xblock_experiments.user_tags.disclosure import tags_for_events as tags_for_events
from xblock_experiments.user_tags.importing import insert_tags as insert_tags
from xblock_experiments.user_tags.models import GLOBAL as _GLOBAL
from xblock_experiments.user_tags.models import Tag as _Tag
from xblock_experiments.user_tags.personal_data import export_user, retire_user

__all__ = [
    "delete_tag",
    "export_user",
    "get_tag",
    "get_tags",
    "increment_tag",
    "retire_user",
    "set_tag",
]


@reports_faults
def get_tag(user_id: str, course_id: str | None, key: str, *, default: JSON = None) -> JSON:
    where = _where(user_id, course_id)
    check_key(key)
    text = _Tag.objects.filter(**where, key=key).values_list("value", flat=True).first()
    return default if text is None else load_value(text)


@reports_faults
def get_tags(
    user_id: str, course_id: str | None, *, after: str | None = None, limit: int | None = None
) -> dict[str, JSON]:
    """Return the user's tags in the course, or the global ones, by full key, sorted by key.

    `after` and `limit` select a page: the first `limit` tags whose keys follow `after`. Raises
    InvalidTag.
    """
    rows = _Tag.objects.filter(**_where(user_id, course_id)).values_list("key", "value")
    return {key: load_value(text) for key, text in page_of(dict(rows), after, limit).items()}


@reports_faults
def read_texts(user_id: str, course_id: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the user's course tags and global tags, as JSON texts by full key. One query.

    Reads the database for writes, so that the next request sees the tags that this one wrote.
    """
    course_ids = (_where(user_id, course_id)["course_id"], _GLOBAL)
    rows = _Tag.objects.using(router.db_for_write(_Tag)).filter(
        user_id=user_id, course_id__in=course_ids
    )
    texts: dict[str, dict[str, str]] = {id: {} for id in course_ids}
    for id, key, text in rows.values_list("course_id", "key", "value"):
        texts[id][key] = text
    return texts[course_id], texts[_GLOBAL]


@reports_faults
def set_tag(
    user_id: str,
    course_id: str | None,
    key: str,
    value: Storable,
    *,
    expected: Storable | Expectation = ANY,
) -> None:
    """Store a value in one statement, which changes nothing if the value is the same already.

    With `expected`, stores it only if the present value equals `expected`; None also matches a
    missing tag. Raises InvalidTag, Conflict or RetiredUser, and then stores nothing.
    """
    tag = _tag(user_id, course_id, key)
    tag.value = dump_value(value)
    if isinstance(expected, Expectation):
        changes.put(tag)
    else:
        changes.swap(tag, dump_value(expected))


@reports_faults
def increment_tag(user_id: str, course_id: str | None, key: str, by: int = 1) -> int:
    """Add to a counter that starts at 0, and return its new value. One statement.

    Raises RetiredUser, or InvalidTag if the tag is not an integer or would have too many digits,
    and then stores nothing.
    """
    return changes.increment(_tag(user_id, course_id, key), by)


@reports_faults
def delete_tag(user_id: str, course_id: str | None, key: str) -> bool:
    """Delete the tag, and return whether it existed. One statement."""
    return changes.delete(_tag(user_id, course_id, key))


def _where(user_id: str, course_id: str | None) -> dict[str, str]:
    check_id(user_id, "user")
    if course_id is not None:
        check_id(course_id, "course")
    return {"user_id": user_id, "course_id": _GLOBAL if course_id is None else course_id}


def _tag(user_id: str, course_id: str | None, key: str) -> _Tag:
    """Return a tag without a value."""
    where = _where(user_id, course_id)
    check_key(key)
    return _Tag(**where, key=key)
