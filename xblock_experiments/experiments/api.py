"""The public interface of experiments: assignments and exposures."""

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
from xblock_experiments.database.transactions import ROUNDS, reports_faults, retries_exhausted
from xblock_experiments.errors import RetiredUser
from xblock_experiments.experiments.assignment import (
    check_weights,
    choose_group,
    choose_group_of_leaver,
    salt_of,
)
from xblock_experiments.experiments.content_changes import (
    get_content_changes,
    record_content_changes,
)
from xblock_experiments.experiments.exposures import (
    count_exposed,
    get_exposures,
    record_exposure,
)
from xblock_experiments.experiments.exposures import get_exposures_of as get_exposures_of
from xblock_experiments.experiments.exposures import (
    get_first_exposures_of as get_first_exposures_of,
)
from xblock_experiments.experiments.exposures import get_user_ids as get_user_ids
from xblock_experiments.experiments.exposures import record_exposures as record_exposures
from xblock_experiments.experiments.exposures import unrecorded as unrecorded
from xblock_experiments.experiments.personal_data import retire_user
from xblock_experiments.experiments.replay import ASSIGNED, GROUP_REMOVED, replay
from xblock_experiments.retired import api as retired

__all__ = [
    "assign_group",
    "assign_groups",
    "assign_users",
    "count_exposed",
    "get_content_changes",
    "get_exposures",
    "get_group",
    "record_content_changes",
    "record_exposure",
    "replay",
    "retire_user",
]


@reports_faults
def get_group(course_id: str, id: int, user_id: str) -> Group | None:
    """Return the user's group, or None if the user has none.

    Also returns None if the group was removed or the experiment is inactive. Assigns nobody.

    Raises NoSuchSegmentation.
    """
    return next(iter(segmentations.get_standing(course_id, id, user_id).groups), None)


@reports_faults
def assign_group(course_id: str, id: int, user_id: str) -> Group:
    """Return the user's group, after assigning one if needed.

    1. Read the experiment and the user's standing in it.
    2. A user whose group still exists keeps it.
    3. Otherwise choose a group, and store it unless another process has just stored one.

    Raises NoSuchSegmentation, NotAssignable or RetiredUser.
    """
    (standing,) = settle_all([segmentations.get_standing(course_id, id, user_id)])
    return standing.groups[0]


@reports_faults
def assign_groups(course_id: str, ids: Iterable[int], user_id: str) -> dict[int, Group]:
    """Assign a user in several experiments, like `assign_group`.

    Reads all of them in one query and inserts all new assignments together.

    Omits experiments that the course does not have or that cannot assign. Raises RetiredUser.
    """
    standings = segmentations.get_standings(course_id, ids, user_id)
    return {standing.segmentation.id: standing.groups[0] for standing in settle(standings.values())}


@reports_faults
def assign_users(course_id: str, id: int, user_ids: Iterable[str]) -> Counter[int]:
    """Assign many users, and return how many of them are in each group, by group id.

    Omits retired users.

    New users are assigned in batches of a thousand, and members of removed groups one by one. To
    complete an interrupted call, repeat it.

    Raises NoSuchSegmentation, NotAssignable, or InvalidId before anybody is assigned.
    """
    if isinstance(user_ids, str):
        msg = f"Expected several user ids, not the string {user_ids!r}."
        raise InvalidId(msg)
    users: set[str] = set()
    for user_id in user_ids:
        segmentations.check_id(user_id, "user")
        users.add(user_id)
    segmentations.get_segmentation(course_id, id)
    counts: Counter[int] = Counter()
    for batch in batched(sorted(users), AT_ONCE):
        standings = _settle_present(course_id, id, batch)
        counts.update(standing.groups[0].id for standing in standings)
    return counts


@reports_faults
def settle(standings: Iterable[Standing]) -> list[Standing]:
    """Return the standings in order, each with a group, after assigning where needed.

    If another process assigns a user first, the returned standing has the group that the other
    process stored, and possibly another version of the segmentation. Omits standings of users who
    cannot be assigned. Raises RetiredUser after assigning the users who are not retired.
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
        nowhere = [standing for standing in lost if not settled[_key(standing)].group_ids]
        retired.check({standing.user_id for standing in nowhere})
    raise retries_exhausted(f"{len(unsettled)} assignments could not be completed")


@reports_faults
def settle_all(standings: Sequence[Standing]) -> list[Standing]:
    """Assign like `settle`, but raise NotAssignable if a user cannot be assigned."""
    settled = settle(standings)
    if len(settled) == len(standings):
        return settled
    for standing in standings:
        _check_assignable(standing)
    id = standings[0].segmentation.id
    msg = f"Experiment {id} was edited during this call and can no longer assign users."
    raise NotAssignable(msg)


def _settle_present(course_id: str, id: int, user_ids: Sequence[str]) -> list[Standing]:
    """Settle the users who are not retired."""
    try:
        return settle_all(segmentations.get_standings_of(course_id, id, user_ids))
    except RetiredUser as error:
        rest = [user_id for user_id in user_ids if user_id not in error.user_ids]
        return _settle_present(course_id, id, rest) if rest else []


def predict_assignments(standings: Iterable[Standing]) -> list[Standing]:
    """Return what `settle` would return if no other process changed anything. Writes nothing."""
    return [
        standing if standing.groups else standing.within(_choose(standing))
        for standing in standings
        if is_assignable(standing)
    ]


def first_group(segmentation: UserSegmentation) -> Group:
    """Return the group shown to anonymous visitors and in an editor's previews.

    Raises NotAssignable.
    """
    _check_can_assign(segmentation)
    return segmentation.groups[0]


def is_assignable(standing: Standing) -> bool:
    """Return whether the user has a group or can be assigned to one."""
    try:
        _check_assignable(standing)
    except NotAssignable:
        return False
    return True


def _check_assignable(standing: Standing) -> None:
    """Raise NotAssignable if the user neither has a group nor can get one."""
    if not standing.groups:
        _check_can_assign(standing.segmentation)


def _check_can_assign(segmentation: UserSegmentation) -> None:
    if not segmentation.active:
        msg = f"Experiment {segmentation.id} is inactive, so it cannot assign users."
        raise NotAssignable(msg)
    check_weights(segmentation.groups)


def _choose(standing: Standing) -> int:
    """Return the id of the group for a user without a group, or for one whose group was removed."""
    segmentation, user_id = standing.segmentation, standing.user_id
    salt = salt_of(standing.course_id, segmentation)
    if not standing.group_ids:
        return choose_group(segmentation.groups, salt, user_id).id
    (removed,) = standing.group_ids
    return choose_group_of_leaver(segmentation.groups, salt, user_id, removed).id


def _choose_anew(standing: Standing) -> int | None:
    """Return the id of another group for a user whose group was removed.

    Returns None if the user's group still exists, or if the experiment cannot assign.
    """
    return None if standing.groups or not is_assignable(standing) else _choose(standing)


def _write(unsettled: Sequence[Standing]) -> list[Standing]:
    """Assign users, and return the standings that this call changed.

    Adds all new users in one statement, then moves users out of removed groups one by one. All
    processes write in the same order, to avoid deadlocks. Other processes may have assigned some of
    the users first.
    """
    newcomers = [standing for standing in unsettled if not standing.group_ids]
    leavers = [standing for standing in unsettled if standing.group_ids]
    steps = [(standing, _choose(standing)) for standing in newcomers]
    entered = [
        standing.within(group_id)
        for standing, group_id in segmentations.enter_all(steps, why=ASSIGNED)
    ]
    moved = (
        segmentations.move(standing, _choose_anew, why=GROUP_REMOVED)
        for standing in sorted(leavers, key=_key)
    )
    return [*entered, *filter(None, moved)]


def _read_lost(lost: Sequence[Standing]) -> list[Standing]:
    """Return the current standings of users whom another process has assigned or moved first."""
    entering = [standing for standing in lost if not standing.group_ids]
    leaving = [standing for standing in lost if standing.group_ids]
    return segmentations.read_winners(entering) + segmentations.read_again(leaving)


def _key(standing: Standing) -> tuple[int, str]:
    return standing.row_id, standing.user_id
