"""Changes of an experiment's content that were saved after learners had joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import cast

from django.db import router
from django.utils import timezone

from xblock_experiments import events
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.database.transactions import persist, reports_faults
from xblock_experiments.experiments.data import (
    ContentChange,
    ContentChangeKind,
    PastContentChange,
)
from xblock_experiments.experiments.models import ContentChange as _Row


@reports_faults
def record_content_changes(
    course_id: str, changes: Sequence[ContentChange], *, actor: str = ""
) -> None:
    """Store the changes for good, and emit an event for each of them.

    `actor` is the staff user who made them. Raises InvalidId.
    """
    segmentations.check_id(course_id, "course")
    segmentations.check_actor(actor)
    for change in changes:
        segmentations.check_id(change.usage_id, "block")
    persist(partial(_record, course_id, changes, actor), using=router.db_for_write(_Row))


@reports_faults
def get_content_changes(course_id: str) -> tuple[PastContentChange, ...]:
    """Return the changes of all experiments of the course, oldest first. One query."""
    segmentations.check_id(course_id, "course")
    return tuple(_past(row) for row in _Row.objects.filter(course_id=course_id).order_by("pk"))


def _record(course_id: str, changes: Sequence[ContentChange], actor: str) -> None:
    now = timezone.now()
    _Row.objects.bulk_create(
        _Row(
            **{**asdict(change), "old": change.old or "", "new": change.new or ""},
            course_id=course_id,
            actor=actor,
            when=now,
        )
        for change in changes
    )
    changed = [
        events.ContentChanged(
            course_id=course_id,
            user_id=actor or None,
            partition_id=change.segmentation_id,
            partition_name=change.segmentation_name,
            group_id=change.group_id,
            group_name=change.group_name,
            usage_id=change.usage_id,
            change=change.kind,
            assigned=change.assigned,
            exposed=change.exposed,
        )
        for change in changes
    ]
    events.emit_all(changed, using=router.db_for_write(_Row))


def _past(row: _Row) -> PastContentChange:
    change = ContentChange(
        kind=cast(ContentChangeKind, row.kind),
        usage_id=row.usage_id,
        title=row.title,
        segmentation_id=row.segmentation_id,
        segmentation_name=row.segmentation_name,
        group_id=row.group_id,
        group_name=row.group_name,
        old=row.old or None,
        new=row.new or None,
        assigned=row.assigned,
        exposed=row.exposed,
    )
    return PastContentChange(change, row.when, row.actor)
