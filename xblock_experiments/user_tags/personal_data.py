"""The export and the deletion of one user's data in all stores."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import router
from django.db.models import QuerySet

from xblock_experiments import personal_data
from xblock_experiments.database.transactions import reports_faults
from xblock_experiments.retired import api as retired
from xblock_experiments.user_tags.checks import check_id
from xblock_experiments.user_tags.data import load_value
from xblock_experiments.user_tags.models import GLOBAL, Tag


@reports_faults
def export_user(user_id: str) -> dict[str, Any]:
    """Return all data about the user in any of this package's stores, as JSON.

    Tags are `{"global": {key: value}, "courses": {course_id: {key: value}}}`, even if there are
    none. Data of other stores follows under their names, if there is any.
    """
    check_id(user_id, "user")
    return {"global": {}, "courses": {}, **personal_data.export(user_id)}


@reports_faults
def retire_user(user_id: str) -> int:
    """Delete all data about the user in this package's stores, and count the rows changed.

    No store of this package stores data about the user again. Numbers of members and of exposed
    learners still include the user. Records of changes to other users stay, but no longer name this
    user as the staff who made them. If all stores are in one database, the deletion is atomic.
    """
    check_id(user_id, "user")
    return retired.retire(user_id, partial(personal_data.retire, user_id))


def _export(user_id: str) -> dict[str, Any]:
    courses: dict[str, dict[str, Any]] = {}
    (rows,) = _tags_of(user_id)
    for course_id, key, value in sorted(rows.values_list("course_id", "key", "value")):
        courses.setdefault(course_id, {})[key] = load_value(value)
    return {"global": courses.pop(GLOBAL, {}), "courses": courses}


def _tags_of(user_id: str) -> list[QuerySet[Tag]]:
    return [Tag.objects.using(router.db_for_write(Tag)).filter(user_id=user_id)]


STORE = personal_data.Store(export=_export, owned=_tags_of)
