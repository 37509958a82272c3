"""The store's personal data: a user's memberships, their history, and the user's acts as staff.

Exports name no other people: neither the learners that a staff user moved, nor the staff user who
moved a learner. The reason of a move shows that staff made it.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import QuerySet

from xblock_experiments import personal_data
from xblock_experiments.course_user_segmentation.checks import check_id
from xblock_experiments.course_user_segmentation.models import (
    Membership,
    PastChange,
    RetiredMembers,
    SegmentationVersion,
)
from xblock_experiments.course_user_segmentation.segmentations import using
from xblock_experiments.database.rows import add_counts
from xblock_experiments.database.transactions import reports_faults
from xblock_experiments.personal_data import moment
from xblock_experiments.retired import api as retired


@reports_faults
def retire_user(user_id: str) -> int:
    """Delete all memberships of the user and their history, and return the number of rows.

    No store of this package stores data about the user again.
    """
    check_id(user_id, "user")
    return retired.retire(user_id, partial(personal_data.erase, user_id, _OWN))


def _owned(user_id: str) -> list[QuerySet[Any]]:
    """Return the user's rows, memberships first, because a move copies them to the past."""
    return [
        model.objects.using(using()).filter(user_id=user_id) for model in (Membership, PastChange)
    ]


def _acted(user_id: str) -> list[QuerySet[Any]]:
    """Return the rows of a user's changes to other users and to courses."""
    moves = [
        model.objects.using(using()).filter(actor=user_id).exclude(user_id=user_id)
        for model in (Membership, PastChange)
    ]
    return [*moves, SegmentationVersion.objects.using(using()).filter(actor=user_id)]


def _export(user_id: str) -> dict[str, Any]:
    memberships, past = map(_in_order, _owned(user_id))
    put, moved, published = map(_in_order, _acted(user_id))
    acted = [
        *({"did": "moved", **_present(row)} for row in put),
        *({"did": "moved", **_past(row)} for row in moved),
        *({"did": "published", **_version(row)} for row in published),
    ]
    return {
        "memberships": list(map(_present, memberships)),
        "history": list(map(_past, past)),
        "acted": sorted(acted, key=lambda act: str(act["when"])),
    }


def _in_order(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Fetch segmentations separately: for a join, MariaDB looks up each row one by one."""
    return rows.prefetch_related("segmentation").order_by("pk")


def _present(row: Membership) -> dict[str, Any]:
    return _step(row, row.group_id, row.since)


def _past(row: PastChange) -> dict[str, Any]:
    return _step(row, row.to_group_id, row.when)


def _step(row: Membership | PastChange, to_group_id: int | None, when: datetime) -> dict[str, Any]:
    return {
        **_place(row),
        "from_group_id": row.from_group_id,
        "to_group_id": to_group_id,
        "version": row.version,
        "why": row.why,
        "when": moment(when),
    }


def _version(row: SegmentationVersion) -> dict[str, Any]:
    return {
        **_place(row),
        "version": row.version,
        "removed": row.removed,
        "when": moment(row.created),
    }


def _place(row: Membership | PastChange | SegmentationVersion) -> dict[str, Any]:
    of = row.segmentation
    return {"course_id": of.course_id, "type": of.type, "id": of.number}


def _count(user_id: str) -> None:
    """Add the user's memberships to the numbers of retired members."""
    add_counts(
        RetiredMembers,
        f"""
        SELECT segmentation_id, version, group_id, COUNT(*) FROM {Membership._meta.db_table}
        WHERE user_id = %s GROUP BY segmentation_id, version, group_id
        """,  # noqa: S608 - of constants
        [user_id],
    )


_OWN = personal_data.Store(export=_export, owned=_owned, prepare=_count)
STORE = dataclasses.replace(_OWN, acted=_acted)
