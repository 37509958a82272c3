"""Rows of our own tables as plain rows, for what is to be there before, and for the floors."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import cycle

from django.utils import timezone

from benchmarks.courses import GROUPS
from xblock_experiments.course_user_segmentation.models import (
    EXCLUSIVE,
    Membership,
    Segmentation,
)
from xblock_experiments.experiments.models import Exposure


def segmentation_row_id(course_id: str, id: int) -> int:
    return Segmentation.objects.get(course_id=course_id, number=id).pk


def membership(row_id: int, user_id: str, group_id: int = GROUPS[0].id) -> Membership:
    return Membership(
        segmentation_id=row_id,
        user_id=user_id,
        slot=EXCLUSIVE,
        group_id=group_id,
        version=1,
        why="assigned",
        since=timezone.now(),
    )


def memberships(row_id: int, user_ids: Iterable[str]) -> list[Membership]:
    return [
        membership(row_id, user_id, group.id)
        for user_id, group in zip(user_ids, cycle(GROUPS), strict=False)
    ]


def exposure(course_id: str, id: int, user_id: str, usage_id: str) -> Exposure:
    return Exposure(
        course_id=course_id,
        segmentation_number=id,
        user_id=user_id,
        usage_id=usage_id,
        group_id=GROUPS[0].id,
        when=timezone.now(),
    )
