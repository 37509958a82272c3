"""Exactly one group for each learner who met the experiment, and who was really shown an arm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import batched

from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.course_user_segmentation.data import (
    Group,
    InvalidId,
    NotAssignable,
    Standing,
    UserSegmentation,
)
from xblock_experiments.database.rows import AT_ONCE
from xblock_experiments.database.transactions import ROUNDS, contended, reports_faults
from xblock_experiments.experiments.assignment import check_weights, choose_group, salt_of
from xblock_experiments.experiments.exposures import (
    count_exposed,
    get_exposures,
    record_exposure,
)
from xblock_experiments.experiments.exposures import record_exposures as record_exposures
from xblock_experiments.experiments.exposures import unrecorded as unrecorded
from xblock_experiments.experiments.personal_data import retire_user

__all__ = [
    "assign_group",
    "assign_groups",
    "assign_users",
    "count_exposed",
    "get_exposures",
    "get_group",
    "record_exposure",
    "retire_user",
]


@reports_faults
def get_group(course_id: str, id: int, user_id: str) -> Group | None:
    """The group the user was assigned to, None before that. Assigns nobody.

    Raises NoSuchSegmentation.
    """
    return next(iter(segmentations.get_standing(course_id, id, user_id).groups), None)


@reports_faults
def assign_group(course_id: str, id: int, user_id: str) -> Group:
    """The user's group, settled now if it was not yet.

    1. Read the experiment and where the user stands in it.
    2. Who has a group that still exists keeps it.
    3. Else choose one, and write it down unless somebody else just did.

    Raises NoSuchSegmentation, NotAssignable.
    """
    (standing,) = settle_all([segmentations.get_standing(course_id, id, user_id)])
    return standing.groups[0]


@reports_faults
def assign_groups(course_id: str, ids: Iterable[int], user_id: str) -> dict[int, Group]:
    """`assign_group` for several, in as many queries as for one.

    An experiment that the course does not have, or that cannot assign, is left out of the result.
    """
    standings = segmentations.get_standings(course_id, ids, user_id)
    return {standing.segmentation.id: standing.groups[0] for standing in settle(standings.values())}


@reports_faults
def assign_users(course_id: str, id: int, user_ids: Iterable[str]) -> Counter[int]:
    """Settle the group of many users; how many of them are in each group now, by group id.

    Newcomers are let in a thousand at a time, the users of removed groups one after the other. A
    call that was cut short is completed by the same call.

    Raises NoSuchSegmentation, NotAssignable, and InvalidId before anybody is assigned.
    """
    if isinstance(user_ids, str):
        msg = f"The ids of users must be several, not the text {user_ids!r}."
        raise InvalidId(msg)
    users: set[str] = set()
    for user_id in user_ids:
        segmentations.check_id(user_id, "user")
        users.add(user_id)
    segmentations.get_segmentation(course_id, id)
    counts: Counter[int] = Counter()
    for batch in batched(sorted(users), AT_ONCE):
        standings = settle_all(segmentations.get_standings_of(course_id, id, batch))
        counts.update(standing.groups[0].id for standing in standings)
    return counts


@reports_faults
def settle(standings: Iterable[Standing]) -> list[Standing]:
    """The same, in the same order, each with a group: chosen and written now where there was none.

    Who loses the race for somebody's group is told what the winner was told, perhaps under other
    weights than these standings were read under. What can assign nobody is left out.
    """
    settled = {_key(standing): standing for standing in standings}
    for _ in range(ROUNDS):
        unsettled = [s for s in settled.values() if not s.groups and is_assignable(s)]
        if not unsettled:
            return [standing for standing in settled.values() if standing.groups]
        for standing in _write(unsettled):
            settled[_key(standing)] = standing
        lost = [standing for standing in unsettled if not settled[_key(standing)].groups]
        for standing in _read_lost(lost):
            settled[_key(standing)] = standing
    raise contended(f"{len(unsettled)} groups could not be settled")


@reports_faults
def settle_all(standings: Sequence[Standing]) -> list[Standing]:
    """`settle`, where none may be left out. Raises NotAssignable."""
    settled = settle(standings)
    if len(settled) == len(standings):
        return settled
    for standing in standings:
        _check_assignable(standing)
    msg = f"Experiment {standings[0].segmentation.id} was edited a moment ago: it assigns nobody."
    raise NotAssignable(msg)


def foresee(standings: Iterable[Standing]) -> list[Standing]:
    """What `settle` would make of them if nobody else did anything. Writes nothing."""
    return [
        standing if standing.groups else standing.within(_choose(standing))
        for standing in standings
        if is_assignable(standing)
    ]


def first_group(segmentation: UserSegmentation) -> Group:
    """What nobody is shown: a visitor without a user id, or a preview in an editor.

    Raises NotAssignable.
    """
    _check_can_assign(segmentation)
    return segmentation.groups[0]


def is_assignable(standing: Standing) -> bool:
    """Whether the user has a group, or can be given one."""
    try:
        _check_assignable(standing)
    except NotAssignable:
        return False
    return True


def _check_assignable(standing: Standing) -> None:
    """Raises NotAssignable."""
    if not standing.groups:
        _check_can_assign(standing.segmentation)


def _check_can_assign(segmentation: UserSegmentation) -> None:
    if not segmentation.active:
        msg = f"Experiment {segmentation.id} is inactive: nobody can be assigned."
        raise NotAssignable(msg)
    check_weights(segmentation.groups)


def _choose(standing: Standing) -> int:
    """The id of the group that is due."""
    segmentation = standing.segmentation
    salt = salt_of(standing.course_id, segmentation)
    return choose_group(segmentation.groups, salt, standing.user_id).id


def _choose_anew(standing: Standing) -> int | None:
    """The same of a member, where the present group is gone."""
    return None if standing.groups or not is_assignable(standing) else _choose(standing)


def _write(unsettled: Sequence[Standing]) -> list[Standing]:
    """Let them into the groups that are due; who really was, as others may have been first.

    All newcomers in one statement, then those who leave a group that was removed, in the order in
    which everybody locks rows.
    """
    newcomers = [standing for standing in unsettled if not standing.group_ids]
    leavers = [standing for standing in unsettled if standing.group_ids]
    steps = [(standing, _choose(standing)) for standing in newcomers]
    entered = [
        standing.within(group_id)
        for standing, group_id in segmentations.enter_all(steps, why="assigned")
    ]
    moved = (
        segmentations.move(standing, _choose_anew, why="group removed")
        for standing in sorted(leavers, key=_key)
    )
    return [*entered, *filter(None, moved)]


def _read_lost(lost: Sequence[Standing]) -> list[Standing]:
    entering = [standing for standing in lost if not standing.group_ids]
    leaving = [standing for standing in lost if standing.group_ids]
    return segmentations.read_winners(entering) + segmentations.read_again(leaving)


def _key(standing: Standing) -> tuple[int, str]:
    return standing.row_id, standing.user_id
