"""The personal data stored for experiments: exposures, and staff users' changes of content."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import router
from django.db.models import QuerySet

from xblock_experiments import personal_data
from xblock_experiments.course_user_segmentation.api import check_id
from xblock_experiments.database.rows import add_counts
from xblock_experiments.database.transactions import reports_faults
from xblock_experiments.experiments.models import (
    NO_GROUP,
    ContentChange,
    Exposure,
    RetiredExposures,
)
from xblock_experiments.retired import api as retired


@reports_faults
def retire_user(user_id: str) -> int:
    """Delete all exposures of the user, and return the number of rows.

    No store of this package stores data about the user again.
    """
    check_id(user_id, "user")
    return retired.retire(user_id, partial(personal_data.erase, user_id, STORE))


def _export(user_id: str) -> dict[str, Any]:
    (rows,) = _exposures_of(user_id)
    exposures = [
        {
            "course_id": row.course_id,
            "id": row.segmentation_number,
            "group_id": None if row.group_id == NO_GROUP else row.group_id,
            "usage_id": row.usage_id,
            "when": personal_data.moment(row.when),
        }
        for row in rows.order_by("pk")
    ]
    (changes,) = _content_changes_by(user_id)
    content_changes = [
        {
            "course_id": row.course_id,
            "id": row.segmentation_id,
            "group_id": row.group_id,
            "usage_id": row.usage_id,
            "change": row.kind,
            "when": personal_data.moment(row.when),
        }
        for row in changes.order_by("pk")
    ]
    return {"exposures": exposures, "content_changes": content_changes}


def _exposures_of(user_id: str) -> list[QuerySet[Exposure]]:
    return [Exposure.objects.using(router.db_for_write(Exposure)).filter(user_id=user_id)]


def _content_changes_by(user_id: str) -> list[QuerySet[ContentChange]]:
    using = router.db_for_write(ContentChange)
    return [ContentChange.objects.using(using).filter(actor=user_id)]


def _count(user_id: str) -> None:
    """Add the user's exposures to the numbers of retired learners who were exposed."""
    key = "course_id, segmentation_number, usage_id, group_id"
    add_counts(
        RetiredExposures,
        f"""
        SELECT {key}, COUNT(*) FROM {Exposure._meta.db_table}
        WHERE user_id = %s AND group_id <> %s GROUP BY {key}
        """,  # noqa: S608 - of constants
        [user_id, NO_GROUP],
    )


STORE = personal_data.Store(
    export=_export, owned=_exposures_of, acted=_content_changes_by, prepare=_count
)
