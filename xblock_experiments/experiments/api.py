"""Exactly one group for each learner who met the experiment, and who was really shown an arm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress

from django.utils import timezone

from xblock_experiments import events
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.course_user_segmentation.data import (
    Group,
    NotAssignable,
    Standing,
    UserSegmentation,
)
from xblock_experiments.experiments.assignment import check_weights, choose_group, salt_of
from xblock_experiments.experiments.data import Exposure
from xblock_experiments.experiments.models import Exposure as _Exposure
from xblock_experiments.rows import insert_if_absent

__all__ = [
    "assign_group",
    "assign_groups",
    "assign_users",
    "get_exposures",
    "get_group",
    "record_exposure",
]


def get_group(course_id: str, id: int, user_id: str) -> Group | None:
    """The group the user was assigned to, None before that. Assigns nobody.

    Raises NoSuchSegmentation.
    """
    return _group_of(segmentations.get_standing(course_id, id, user_id))


def assign_group(course_id: str, id: int, user_id: str) -> Group:
    """The user's group, settled now if it was not yet.

    1. Read the experiment and where the user stands in it.
    2. Who has a group that still exists keeps it.
    3. Else choose one, and write it down unless somebody else just did.

    Raises NoSuchSegmentation, NotAssignable.
    """
    standing = segmentations.get_standing(course_id, id, user_id)
    return _group_of(standing) or _settle(course_id, standing, user_id)


def assign_groups(course_id: str, ids: Iterable[int], user_id: str) -> dict[int, Group]:
    """`assign_group` for several; an experiment that cannot assign is left out of the result."""
    standings = segmentations.get_standings(course_id, ids, user_id)
    groups: dict[int, Group] = {}
    for id, standing in standings.items():
        with suppress(NotAssignable):
            groups[id] = _group_of(standing) or _settle(course_id, standing, user_id)
    return groups


def assign_users(course_id: str, id: int, user_ids: Iterable[str]) -> Counter[int]:
    """Settle the group of many users; how many of them are in each group now, by group id.

    Raises NoSuchSegmentation, NotAssignable.
    """
    return Counter(assign_group(course_id, id, user_id).id for user_id in user_ids)


def record_exposure(
    course_id: str, id: int, user_id: str, usage_id: str, *, group_id: int | None = None
) -> bool:
    """Note that a block showed the user an arm; True the first time. One statement."""
    segmentations.check_id(course_id, "course")
    segmentations.check_id(user_id, "user")
    segmentations.check_id(usage_id, "block")
    return insert_if_absent(
        _Exposure(
            course_id=course_id,
            segmentation_number=id,
            user_id=user_id,
            usage_id=usage_id,
            group_id=group_id,
            when=timezone.now(),
        )
    )


def get_exposures(course_id: str, id: int) -> Iterator[Exposure]:
    """In the order they were recorded. Streams."""
    rows = _Exposure.objects.filter(course_id=course_id, segmentation_number=id).order_by("pk")
    for row in rows.iterator():
        yield Exposure(
            user_id=row.user_id, group_id=row.group_id, usage_id=row.usage_id, when=row.when
        )


def first_group(segmentation: UserSegmentation) -> Group:
    """What nobody is shown: a visitor without a user id, or a preview in an editor.

    Raises NotAssignable.
    """
    _check_active(segmentation)
    check_weights(segmentation.groups)
    return segmentation.groups[0]


def _group_of(standing: Standing) -> Group | None:
    return next(iter(standing.groups), None)


def _check_active(segmentation: UserSegmentation) -> None:
    if not segmentation.active:
        msg = f"Experiment {segmentation.id} is inactive: nobody can be assigned."
        raise NotAssignable(msg)


def _settle(course_id: str, standing: Standing, user_id: str) -> Group:
    segmentation = standing.segmentation
    _check_active(segmentation)
    group = choose_group(segmentation.groups, salt_of(course_id, segmentation), user_id)
    if standing.group_ids:
        is_new = segmentations.move(standing, user_id, group.id, why="group removed")
    else:
        is_new = segmentations.enter(standing, user_id, group.id, why="assigned")
    if is_new:
        events.emit(
            events.AssignedUserToPartition(
                course_id=course_id,
                user_id=user_id,
                partition_id=segmentation.id,
                partition_name=segmentation.name,
                group_id=group.id,
                group_name=group.name,
            )
        )
    return group
