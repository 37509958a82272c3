"""Memberships: how users enter, change and leave groups, and the history of these moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from operator import itemgetter

from django.db import connections
from django.db.models import Count, QuerySet
from django.utils import timezone

from xblock_experiments.course_user_segmentation.announcements import (
    announce_entries,
    announce_move,
)
from xblock_experiments.course_user_segmentation.checks import (
    check_actor,
    check_group_id,
    check_id,
)
from xblock_experiments.course_user_segmentation.data import Change, Membership, Standing
from xblock_experiments.course_user_segmentation.models import EXCLUSIVE, PastChange, Segmentation
from xblock_experiments.course_user_segmentation.models import Membership as _Membership
from xblock_experiments.course_user_segmentation.segmentations import (
    any_row_of,
    loads,
    row_of,
    using,
)
from xblock_experiments.course_user_segmentation.standings import (
    get_standing,
    get_standing_to_change,
    read_again,
)
from xblock_experiments.course_user_segmentation.types import EXPERIMENT, is_exclusive
from xblock_experiments.database.rows import check_all_seen, in_pages, lock_shared
from xblock_experiments.database.transactions import (
    LOST,
    ROUNDS,
    Lost,
    attempt,
    fails_on_newer_rows,
    keeps_snapshot,
    persist,
    reading_latest_commits,
    reports_faults,
    retries_exhausted,
)
from xblock_experiments.events import outbox
from xblock_experiments.retired import api as retired


@reports_faults
def get_group_ids(
    course_id: str, id: int, user_id: str, *, type: str = EXPERIMENT
) -> frozenset[int]:
    """Return the ids of the user's groups, without removed groups. Also works if the segmentation
    is inactive.

    Raises NoSuchSegmentation.
    """
    standing = get_standing(course_id, id, user_id, type=type)
    present = {group.id for group in standing.segmentation.groups}
    return standing.group_ids & present


@reports_faults
def put_in_group(
    course_id: str, id: int, user_id: str, group_id: int, *, type: str, actor: str = ""
) -> None:
    """Put the user in the group. In an exclusive type, the user leaves the present group.

    A retired actor is left out. Raises NoSuchSegmentation, NoSuchGroup or RetiredUser.
    """
    check_actor(actor)
    actor = retired.name_of(actor)
    standing = get_standing_to_change(course_id, id, user_id, type=type)

    def choose(now: Standing) -> int:
        return now.segmentation.group(group_id).id

    for _ in range(ROUNDS):
        choose(standing)
        if group_id in standing.group_ids:
            return
        # Do not insert a user who is a member: the insert would lock this row and other rows.
        is_member = bool(standing.group_ids) and is_exclusive(standing.segmentation.type)
        if not is_member:
            if enter(standing, group_id, why="put", actor=actor):
                return
            retired.check([user_id])
        if move(standing, choose, why="put", actor=actor):
            return
        (standing,) = read_again([standing])
    raise retries_exhausted(
        f"{user_id!r} could not be put in group {group_id} of segmentation {id}"
    )


@reports_faults
def remove_from_group(
    course_id: str, id: int, user_id: str, group_id: int, *, type: str, actor: str = ""
) -> None:
    """Remove the user from the group. Does nothing if the user is not in it.

    A retired actor is left out. Raises NoSuchSegmentation, or NoSuchGroup if the id cannot be a
    group's id.
    """
    check_actor(actor)
    check_group_id(group_id)
    actor = retired.name_of(actor)
    standing = get_standing_to_change(course_id, id, user_id, type=type)
    check_all_seen(_in_group(standing, group_id))
    persist(partial(_remove, standing, group_id, actor), using=using())


@reports_faults
def get_members(
    course_id: str, id: int, *, type: str, group_id: int | None = None
) -> Iterator[Membership]:
    """Yield all members, or those of one group, in the order in which they entered the
    segmentation. Raises NoSuchSegmentation.
    """
    rows = _Membership.objects.filter(segmentation=row_of(course_id, id, type))
    if group_id is not None:
        check_group_id(group_id)
        rows = rows.filter(group_id=group_id)
    return (
        Membership(
            user_id=row.user_id,
            group_id=row.group_id,
            since=row.since,
            why=row.why,
            version=row.version,
        )
        for row in in_pages(rows)
    )


@reports_faults
def count_members(course_id: str, id: int, *, type: str = EXPERIMENT) -> Counter[int]:
    """Count members by group id, including removed groups and retired users.

    Raises NoSuchSegmentation.
    """
    row = row_of(course_id, id, type)
    members = row.memberships.order_by().values_list("group_id").annotate(Count("pk"))
    counts: Counter[int] = Counter()
    for group_id, count in members.union(row.retired.values_list("group_id", "count"), all=True):
        counts[group_id] += count
    return counts


@reports_faults
def get_history(course_id: str, id: int, user_id: str, *, type: str) -> tuple[Change, ...]:
    """Return every move of the user, oldest first. Raises NoSuchSegmentation.

    Reads the present membership before the past, so that a concurrent move cannot hide a step.
    """
    check_id(user_id, "user")
    row = any_row_of(course_id, id, type)
    last = [as_past(each) for each in row.memberships.filter(user_id=user_id).order_by("pk")]
    past = row.past_changes.filter(user_id=user_id).order_by("pk")
    changes = dict.fromkeys(map(change_of, [*past, *last]))
    return tuple(sorted(changes, key=lambda change: change.when))


def enter(standing: Standing, group_id: int, *, why: str, actor: str = "") -> bool:
    """Add the user to the group in one statement, and return whether that changed anything.

    Changes nothing if the user is already in the group or, in an exclusive type, in any group, and
    nothing if the user is retired.
    """
    return bool(enter_all([(standing, group_id)], why=why, actor=actor))


def enter_all(
    steps: Sequence[tuple[Standing, int]], *, why: str, actor: str = ""
) -> list[tuple[Standing, int]]:
    """Add many users to groups in one statement. Return the steps that took effect.

    Steps of retired users never do.
    """
    work = partial(_enter_all, steps, why, actor)
    return outbox.persist(work, using=using())


def enter_silently(
    steps: Sequence[tuple[Standing, int]], *, why: str, actor: str = ""
) -> list[tuple[Standing, int]]:
    """Add users like `enter_all`, but without events: the caller emits one event for all users."""
    check_actor(actor)
    now = timezone.now()
    rows = [
        {
            "segmentation_id": standing.row_id,
            "user_id": standing.user_id,
            "slot": _slot(standing, group_id),
            "group_id": group_id,
            "version": standing.version,
            "why": why,
            "actor": actor,
            "since": now,
        }
        for standing, group_id in steps
    ]
    rows.sort(key=_place)
    inserted = retired.insert(_Membership, rows)
    if len(inserted) == len(rows):
        return list(steps)
    entered = set(map(_place, inserted))
    return [
        (standing, group_id)
        for standing, group_id in steps
        if (standing.user_id, standing.row_id, _slot(standing, group_id)) in entered
    ]


def move(
    standing: Standing,
    choose: Callable[[Standing], int | None],
    *,
    why: str,
    actor: str = "",
) -> Standing | None:
    """Move a member of an exclusive segmentation to the group that `choose` returns.

    `choose` receives the user's current standing, while the rows of the membership and the
    segmentation are locked against other changes. It returns None if the user stays. Returns the
    new standing, or None if nothing changed: the user stays, is in no group any more, or another
    process moved the user first.
    """
    check_actor(actor)
    work = partial(_move, standing, choose, why, actor)
    database = using()
    moved: Standing | Lost | None = LOST
    if not fails_on_newer_rows(connections[database]):
        moved = attempt(work, otherwise=LOST, using=database)
    if moved is LOST and keeps_snapshot(connections[database]):
        with reading_latest_commits(database):
            moved = attempt(work, otherwise=LOST, using=database)
    return None if moved is LOST else moved


def _enter_all(
    steps: Sequence[tuple[Standing, int]], why: str, actor: str
) -> list[tuple[Standing, int]]:
    entered = enter_silently(steps, why=why, actor=actor)
    announce_entries(entered, why=why)
    return entered


def _remove(standing: Standing, group_id: int, actor: str) -> None:
    for row in _in_group(standing, group_id).select_for_update():
        as_past(row).save()
        PastChange(
            segmentation_id=row.segmentation_id,
            user_id=row.user_id,
            from_group_id=group_id,
            to_group_id=None,
            version=standing.version,
            why="removed",
            actor=actor,
            when=timezone.now(),
        ).save()
        row.delete()
        announce_move(standing, group_id, None, why="removed", actor=actor)


def _in_group(standing: Standing, group_id: int) -> QuerySet[_Membership]:
    return _Membership.objects.using(using()).filter(
        segmentation_id=standing.row_id, user_id=standing.user_id, group_id=group_id
    )


def _move(
    standing: Standing,
    choose: Callable[[Standing], int | None],
    why: str,
    actor: str,
) -> Standing | Lost | None:
    rows = Segmentation.objects.using(using()).filter(pk=standing.row_id)
    (current,) = lock_shared(rows.values_list("definition", "removed", "version"))
    row = (
        _Membership.objects.using(using())
        .select_for_update()
        .filter(segmentation_id=standing.row_id, user_id=standing.user_id, slot=EXCLUSIVE)
        .first()
    )
    if row is None:
        return LOST
    definition, removed, version = current
    now = replace(
        standing,
        segmentation=loads(definition, removed=removed),
        version=version,
        group_ids=frozenset({row.group_id}),
    )
    group_id = choose(now)
    if group_id is None or group_id == row.group_id:
        return None
    as_past(row).save()
    row.from_group_id, row.group_id = row.group_id, group_id
    row.version, row.why, row.actor = version, why, actor
    row.since = timezone.now()
    row.save()
    announce_move(now, row.from_group_id, group_id, why=why, actor=actor)
    return now.within(group_id)


_place = itemgetter("user_id", "segmentation_id", "slot")
"""The values of the unique constraint, in its order."""


def _slot(standing: Standing, group_id: int) -> int:
    return EXCLUSIVE if is_exclusive(standing.segmentation.type) else group_id


def as_past(row: _Membership) -> PastChange:
    """Return the membership's own change as a past one, which is not stored."""
    return PastChange(
        segmentation_id=row.segmentation_id,
        user_id=row.user_id,
        from_group_id=row.from_group_id,
        to_group_id=row.group_id,
        version=row.version,
        why=row.why,
        actor=row.actor,
        when=row.since,
    )


def change_of(row: PastChange) -> Change:
    return Change(
        user_id=row.user_id,
        when=row.when,
        from_group_id=row.from_group_id,
        to_group_id=row.to_group_id,
        why=row.why,
        who=row.actor,
        version=row.version,
        version_by_time=row.version_by_time,
    )
