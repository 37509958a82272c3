"""Rows that are written without the apis: earlier learners, and the rows of the floors."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import cycle

from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone

from benchmarks.courses import GROUPS
from benchmarks.platform_flow.models import CourseTag
from benchmarks.platform_flow.partitions import key_of
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


def tags(course_id: str, id: int, learners: Iterable[User]) -> list[CourseTag]:
    key = key_of(id)
    return [
        CourseTag(user=user, course_id=course_id, key=key, value=str(group.id))
        for user, group in zip(learners, cycle(GROUPS), strict=False)
    ]


def create[M: models.Model](rows: list[M]) -> None:
    type(rows[0])._default_manager.bulk_create(rows, batch_size=1000)
