"""Emission of events about memberships and segmentations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xblock_experiments import events
from xblock_experiments.course_user_segmentation.data import Standing, UserSegmentation
from xblock_experiments.course_user_segmentation.segmentations import using


def announce_entries(steps: Sequence[tuple[Standing, int]], *, why: str) -> None:
    """Emit that each user entered a group, having been in none before."""
    events.emit_all([_assigned(*step, why) for step in steps], using=using())


def announce_move(
    standing: Standing, from_group_id: int, to_group_id: int | None, *, why: str, actor: str
) -> None:
    """Emit that the user left a group, for another group or for none."""
    left = events.UserReassigned(
        course_id=standing.course_id,
        user_id=standing.user_id,
        partition_id=standing.segmentation.id,
        partition_name=standing.segmentation.name,
        partition_type=standing.segmentation.type,
        from_group_id=from_group_id,
        to_group_id=to_group_id,
        why=why,
        actor=actor,
    )
    came = [] if to_group_id is None else [_assigned(standing, to_group_id, why)]
    events.emit_all([left, *came], using=using())


def announce_versions(
    course_id: str, changes: Iterable[tuple[UserSegmentation, int, str]], actor: str
) -> None:
    """Emit each segmentation's new version and its change."""
    saved = [
        events.SegmentationSaved(
            course_id=course_id,
            user_id=actor or None,
            partition_id=segmentation.id,
            partition_name=segmentation.name,
            partition_type=segmentation.type,
            partition_version=version,
            change=change,
        )
        for segmentation, version, change in changes
    ]
    events.emit_all(saved, using=using())


def _assigned(standing: Standing, group_id: int, why: str) -> events.AssignedUserToPartition:
    segmentation = standing.segmentation
    return events.AssignedUserToPartition(
        course_id=standing.course_id,
        user_id=standing.user_id,
        partition_id=segmentation.id,
        partition_name=segmentation.name,
        partition_type=segmentation.type,
        partition_version=standing.version,
        group_id=group_id,
        group_name=segmentation.group(group_id).name,
        why=why,
    )
