"""Exactly one group for each learner who met the experiment, and who was really shown an arm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

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
    if not standing.groups:
        _check_active(standing.segmentation)
        check_weights(standing.segmentation.groups)
    return _settle(course_id, {id: standing}, user_id)[id]


def assign_groups(course_id: str, ids: Iterable[int], user_id: str) -> dict[int, Group]:
    """`assign_group` for several, in as many queries as for one.

    An experiment that the course does not have, or that cannot assign, is left out of the result.
    """
    standings = segmentations.get_standings(course_id, ids, user_id)
    able = {id: standing for id, standing in standings.items() if _is_able(standing)}
    return _settle(course_id, able, user_id)


def assign_users(course_id: str, id: int, user_ids: Iterable[str]) -> Counter[int]:
    """Settle the group of many users; how many of them are in each group now, by group id.

    Raises NoSuchSegmentation, NotAssignable.
    """
    return Counter(assign_group(course_id, id, user_id).id for user_id in user_ids)


def record_exposure(
    course_id: str, id: int, user_id: str, usage_id: str, *, group_id: int | None = None
) -> bool:
    """Note that a block showed the user an arm; True the first time.

    One statement, where the caller knows the user's group. Raises NoSuchSegmentation.
    """
    segmentations.check_id(usage_id, "block")
    if group_id is None:
        group = get_group(course_id, id, user_id)
        group_id = None if group is None else group.id
    else:
        segmentations.check_id(course_id, "course")
        segmentations.check_id(user_id, "user")
        segmentations.check_number(course_id, id)
    return bool(
        insert_if_absent(
            _Exposure(
                course_id=course_id,
                segmentation_number=id,
                user_id=user_id,
                usage_id=usage_id,
                group_id=group_id,
                when=timezone.now(),
            )
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


def _is_able(standing: Standing) -> bool:
    """Whether the user has a group, or can be given one."""
    segmentation = standing.segmentation
    has_weight = any(group.weight for group in segmentation.groups)
    return bool(standing.groups) or (segmentation.active and has_weight)


def _settle(course_id: str, standings: Mapping[int, Standing], user_id: str) -> dict[int, Group]:
    """The user's group of each experiment; of those where there is none yet, the chosen one."""
    groups = {id: _group_of(s) or _choose(course_id, s, user_id) for id, s in standings.items()}
    unsettled = {id: s for id, s in standings.items() if not s.groups}
    written = _write(unsettled, groups, user_id)
    for id in written:
        events.emit(_assigned(course_id, user_id, standings[id].segmentation, groups[id]))
    lost = unsettled.keys() - written
    return groups | (_read_again(course_id, lost, user_id) if lost else {})


def _choose(course_id: str, standing: Standing, user_id: str) -> Group:
    segmentation = standing.segmentation
    return choose_group(segmentation.groups, salt_of(course_id, segmentation), user_id)


def _write(
    standings: Mapping[int, Standing], groups: Mapping[int, Group], user_id: str
) -> frozenset[int]:
    """Write the groups down; of which experiments they were, as others may have been first."""
    entering = [(s, groups[id].id) for id, s in standings.items() if not s.group_ids]
    moved = {
        id
        for id, s in standings.items()
        if s.group_ids
        and segmentations.move(
            s, user_id, groups[id].id, why="group removed", only_from=s.group_ids
        )
    }
    return segmentations.enter_all(entering, user_id, why="assigned") | moved


def _read_again(course_id: str, ids: Iterable[int], user_id: str) -> dict[int, Group]:
    """What somebody else settled a moment ago, perhaps under other weights than we have read."""
    standings = segmentations.get_standings(course_id, ids, user_id)
    return {id: standing.groups[0] for id, standing in standings.items() if standing.groups}


def _assigned(
    course_id: str, user_id: str, segmentation: UserSegmentation, group: Group
) -> events.AssignedUserToPartition:
    return events.AssignedUserToPartition(
        course_id=course_id,
        user_id=user_id,
        partition_id=segmentation.id,
        partition_name=segmentation.name,
        group_id=group.id,
        group_name=group.name,
    )
