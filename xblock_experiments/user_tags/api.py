"""Key/values of users. Keys are full here (`<xblock_type>.<name>`); who may write is services'.

A `course_id` of None means global, everywhere.
"""

from __future__ import annotations

from typing import Any

from django.db import connections, router

from xblock_experiments.ids import flaw_of
from xblock_experiments.transactions import reports_faults
from xblock_experiments.user_tags.data import JSON, InvalidTag, dump_value, load_value
from xblock_experiments.user_tags.models import GLOBAL as _GLOBAL
from xblock_experiments.user_tags.models import Tag as _Tag

__all__ = [
    "delete_tag",
    "export_user",
    "get_tag",
    "get_tags",
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
def get_tags(user_id: str, course_id: str | None) -> dict[str, JSON]:
    """All tags of the user in the course, or all global ones, by full key, in order of keys."""
    rows = _Tag.objects.filter(**_where(user_id, course_id)).values_list("key", "value")
    return {key: load_value(value) for key, value in sorted(rows)}


@reports_faults
def set_tag(user_id: str, course_id: str | None, key: str, value: JSON) -> None:
    """One statement. Raises InvalidTag, and then stores nothing."""
    where = _where(user_id, course_id)
    check_key(key)
    tag = _Tag(**where, key=key, value=dump_value(value))
    features = connections[router.db_for_write(_Tag)].features
    unique_fields = ["user_id", "course_id", "key"]
    _Tag.objects.bulk_create(
        [tag],
        update_conflicts=True,
        update_fields=["value"],
        # MariaDB and MySQL look for any conflict and cannot be told which.
        unique_fields=unique_fields if features.supports_update_conflicts_with_target else None,
    )


@reports_faults
def delete_tag(user_id: str, course_id: str | None, key: str) -> bool:
    """Whether there was one."""
    where = _where(user_id, course_id)
    check_key(key)
    deleted, _ = _Tag.objects.filter(**where, key=key).delete()
    return deleted > 0


@reports_faults
def export_user(user_id: str) -> dict[str, Any]:
    """All tags of the user: `{"global": {key: value}, "courses": {course_id: {key: value}}}`."""
    _check(user_id, "id of a user")
    export: dict[str, Any] = {"global": {}, "courses": {}}
    rows = _Tag.objects.filter(user_id=user_id).values_list("course_id", "key", "value")
    for course_id, key, value in sorted(rows):
        is_global = course_id == _GLOBAL
        tags = export["global"] if is_global else export["courses"].setdefault(course_id, {})
        tags[key] = load_value(value)
    return export


@reports_faults
def retire_user(user_id: str) -> int:
    """Delete all tags of the user; how many that were."""
    _check(user_id, "id of a user")
    deleted, _ = _Tag.objects.filter(user_id=user_id).delete()
    return deleted


def _where(user_id: str, course_id: str | None) -> dict[str, str]:
    _check(user_id, "id of a user")
    if course_id is not None:
        _check(course_id, "id of a course")
    return {"user_id": user_id, "course_id": _GLOBAL if course_id is None else course_id}


def check_key(key: str) -> None:
    """Raises InvalidTag."""
    _check(key, "key of a tag")


def _check(text: str, what: str) -> None:
    if flaw := flaw_of(text):
        msg = f"The {what} {flaw}."
        raise InvalidTag(msg)
