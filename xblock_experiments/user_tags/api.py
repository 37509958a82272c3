"""Key/values of users. Keys are full here (`<xblock_type>.<name>`); who may write is services'.

A `course_id` of None means global, everywhere.
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
    dump_value,
    load_value,
    page_of,
)
from xblock_experiments.user_tags.disclosure import is_hidden as is_hidden
from xblock_experiments.user_tags.disclosure import told_of as told_of
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
    """All tags of the user in the course, or all global ones, by full key, in order of keys.

    Or the first `limit` of them, and those after a key. Raises InvalidTag.
    """
    rows = _Tag.objects.filter(**_where(user_id, course_id)).values_list("key", "value")
    return {key: load_value(text) for key, text in page_of(dict(rows), after, limit).items()}


@reports_faults
def read_texts(user_id: str, course_id: str) -> tuple[dict[str, str], dict[str, str]]:
    """The user's tags in the course and the global ones, by full key, as JSON texts. One query.

    They are read where they are written, so that the next request has what this one wrote.
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
    value: JSON,
    *,
    expected: JSON | Expectation = ANY,
) -> None:
    """One statement, which changes nothing where the value is the same already.

    With `expected` it is kept only where the value is that one; None also stands for no tag. Raises
    InvalidTag, Conflict, and then stores nothing.
    """
    tag = _tag(user_id, course_id, key)
    tag.value = dump_value(value)
    if isinstance(expected, Expectation):
        changes.put(tag)
    else:
        changes.swap(tag, dump_value(expected))


@reports_faults
def increment_tag(user_id: str, course_id: str | None, key: str, by: int = 1) -> int:
    """What the tag counts to now, from 0 where there was none. One statement.

    Raises InvalidTag where it is no whole number or would have too many digits, and then stores
    nothing.
    """
    return changes.increment(_tag(user_id, course_id, key), by)


@reports_faults
def delete_tag(user_id: str, course_id: str | None, key: str) -> bool:
    """Whether there was one. One statement."""
    return changes.delete(_tag(user_id, course_id, key))


def _where(user_id: str, course_id: str | None) -> dict[str, str]:
    check_id(user_id, "user")
    if course_id is not None:
        check_id(course_id, "course")
    return {"user_id": user_id, "course_id": _GLOBAL if course_id is None else course_id}


def _tag(user_id: str, course_id: str | None, key: str) -> _Tag:
    """Without a value yet."""
    where = _where(user_id, course_id)
    check_key(key)
    return _Tag(**where, key=key)
