"""Bulk import of tags. Preserves existing tags and emits no events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Set
from functools import partial
from itertools import batched

from django.db import router
from django.utils import timezone

from xblock_experiments.database.insertion import Row
from xblock_experiments.database.rows import AT_ONCE
from xblock_experiments.database.transactions import (
    ROUNDS,
    persist,
    reports_faults,
    retries_exhausted,
)
from xblock_experiments.retired import api as retired
from xblock_experiments.user_tags.checks import check_id, check_key
from xblock_experiments.user_tags.data import JSON, dump_value, load_value
from xblock_experiments.user_tags.models import Tag

type Name = tuple[str, str, str]
"""A tag's user id, course id and key."""


@reports_faults
def insert_tags(tags: Mapping[Name, JSON]) -> dict[Name, JSON]:
    """Insert the tags that do not exist yet, and return the others with their present values.

    Raises InvalidTag, and then inserts nothing. Raises RetiredUser after inserting the tags of the
    other users.
    """
    rows = {name: _row(name, value) for name, value in sorted(tags.items())}
    there: dict[Name, JSON] = {}
    for _ in range(ROUNDS):
        for row in persist(partial(_insert, rows.values()), using=router.db_for_write(Tag)):
            del rows[row["user_id"], row["course_id"], row["key"]]
        for tag in list(_read(rows)):
            name = tag.user_id, tag.course_id, tag.key
            del rows[name]
            there[name] = load_value(tag.value)
        if not rows:
            return there
        retired.check({user_id for user_id, _, _ in rows})
    raise retries_exhausted(f"{len(rows)} tags could not be inserted")


def _row(name: Name, value: JSON) -> Row:
    user_id, course_id, key = name
    check_id(user_id, "user")
    check_id(course_id, "course")
    check_key(key)
    text = dump_value(value)
    where = {"user_id": user_id, "course_id": course_id, "key": key}
    return {**where, "value": text, "modified": timezone.now()}


def _insert(rows: Collection[Row]) -> list[Row]:
    return [row for some in batched(rows, AT_ONCE) for row in retired.insert(Tag, some)]


def _read(names: Collection[Name]) -> Iterator[Tag]:
    courses: dict[str, list[Name]] = defaultdict(list)
    for name in names:
        courses[name[1]].append(name)
    for course_id, wanted in courses.items():
        for some in batched(wanted, AT_ONCE):
            yield from _of_course(course_id, set(some))


def _of_course(course_id: str, names: Set[Name]) -> list[Tag]:
    """Filter by users and keys separately, because databases differ in how they compare pairs."""
    tags = Tag.objects.using(router.db_for_write(Tag)).filter(
        course_id=course_id,
        user_id__in={user_id for user_id, _, _ in names},
        key__in={key for _, _, key in names},
    )
    return [tag for tag in tags if (tag.user_id, tag.course_id, tag.key) in names]
