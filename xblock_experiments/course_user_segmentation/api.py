"""What a course's segmentations are, and who is in which group.

The whole face of the store: models are its own. What `__all__` does not list is for the sibling
apps that decide who goes where; this one only keeps it.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence

from django.db import transaction
from django.db.models import Exists, FilteredRelation, OuterRef, Q, QuerySet
from django.utils import timezone

from xblock_experiments.course_user_segmentation.data import (
    EXCLUSIVE_TYPES,
    EXPERIMENT,
    Change,
    InvalidId,
    InvalidSegmentation,
    Membership,
    NoSuchSegmentation,
    Standing,
    UserSegmentation,
    is_id,
)
from xblock_experiments.course_user_segmentation.models import (
    EXCLUSIVE,
)
from xblock_experiments.course_user_segmentation.models import Membership as _Membership
from xblock_experiments.course_user_segmentation.models import (
    PastChange as _PastChange,
)
from xblock_experiments.course_user_segmentation.models import (
    Segmentation as _Segmentation,
)
from xblock_experiments.course_user_segmentation.models import (
    SegmentationVersion as _SegmentationVersion,
)
from xblock_experiments.ids import flaw_of
from xblock_experiments.rows import insert_if_absent

type _Key = tuple[str, int]
"""What names a segmentation within its course: type and id."""

__all__ = [
    "get_group_ids",
    "get_history",
    "get_members",
    "get_segmentation",
    "get_segmentations",
    "put_in_group",
    "remove_from_group",
    "save_segmentations",
]


def save_segmentations(
    course_id: str, segmentations: Iterable[UserSegmentation], *, actor: str = ""
) -> None:
    """Publish the course's whole list. What is equal to what was published writes nothing.

    A changed segmentation becomes a new version of itself. One that is no longer listed is kept,
    inactive, for as long as it has members.

    Raises InvalidSegmentation, and then changes nothing.
    """
    check_id(course_id, "course")
    _check_actor(actor)
    listed = {key: _dumps(segmentation) for key, segmentation in _by_key(segmentations).items()}
    with transaction.atomic():
        published = _locked(course_id, listed)
        for position, (key, definition) in enumerate(listed.items()):
            _publish(published[key], position, definition, actor)
        for key, row in published.items():
            if key not in listed and not row.removed:
                row.removed = True
                _save_version(row, actor)


def get_segmentations(course_id: str, *, type: str | None = None) -> tuple[UserSegmentation, ...]:
    """In the order of the course's list; those removed from it come last, inactive."""
    rows = _present(course_id)
    if type is not None:
        rows = rows.filter(type=type)
    rows = rows.order_by("removed", "position", "pk")
    return tuple(_loads(row.definition, removed=row.removed) for row in rows)


def get_segmentation(course_id: str, id: int, *, type: str = EXPERIMENT) -> UserSegmentation:
    """Raises NoSuchSegmentation."""
    row = _row(course_id, id, type)
    return _loads(row.definition, removed=row.removed)


def get_group_ids(
    course_id: str, id: int, user_id: str, *, type: str = EXPERIMENT
) -> frozenset[int]:
    """The groups the user is in, of those that the segmentation has, also while it is inactive.

    Raises NoSuchSegmentation.
    """
    standing = get_standing(course_id, id, user_id, type=type)
    present = {group.id for group in standing.segmentation.groups}
    return standing.group_ids & present


def put_in_group(
    course_id: str, id: int, user_id: str, group_id: int, *, type: str, actor: str = ""
) -> None:
    """Put the user in the group; out of the present one, where the type is exclusive.

    Raises NoSuchSegmentation, NoSuchGroup.
    """
    standing = get_standing(course_id, id, user_id, type=type)
    standing.segmentation.group(group_id)
    if not enter(standing, user_id, group_id, why="put", actor=actor):
        move(standing, user_id, group_id, why="put", actor=actor)


def remove_from_group(
    course_id: str, id: int, user_id: str, group_id: int, *, type: str, actor: str = ""
) -> None:
    """Take the user out of the group. Does nothing where the user is not in it.

    Raises NoSuchSegmentation.
    """
    _check_actor(actor)
    standing = get_standing(course_id, id, user_id, type=type)
    with transaction.atomic():
        rows = _Membership.objects.select_for_update().filter(
            segmentation_id=standing.row_id, user_id=user_id, group_id=group_id
        )
        for row in rows:
            _archive(row).save()
            _PastChange(
                segmentation_id=row.segmentation_id,
                user_id=user_id,
                from_group_id=group_id,
                to_group_id=None,
                why="removed",
                actor=actor,
                when=timezone.now(),
            ).save()
            row.delete()


def get_members(
    course_id: str, id: int, *, type: str, group_id: int | None = None
) -> Iterator[Membership]:
    """All members, or a group's, in the order they came. Streams. Raises NoSuchSegmentation."""
    rows = _Membership.objects.filter(segmentation=_row(course_id, id, type))
    if group_id is not None:
        rows = rows.filter(group_id=group_id)
    return (
        Membership(
            user_id=row.user_id,
            group_id=row.group_id,
            since=row.since,
            why=row.why,
            version=row.version,
        )
        for row in rows.order_by("pk").iterator()
    )


def get_history(course_id: str, id: int, user_id: str, *, type: str) -> tuple[Change, ...]:
    """Every move of the user, oldest first. Raises NoSuchSegmentation."""
    check_id(user_id, "user")
    row = _row(course_id, id, type)
    past = row.past_changes.filter(user_id=user_id).order_by("when", "pk")
    last = row.memberships.filter(user_id=user_id).order_by("since", "pk")
    changes = [*past, *(_archive(membership) for membership in last)]
    return tuple(
        Change(
            user_id=change.user_id,
            when=change.when,
            from_group_id=change.from_group_id,
            to_group_id=change.to_group_id,
            why=change.why,
            who=change.actor,
        )
        for change in sorted(changes, key=lambda change: change.when)
    )


def get_standing(course_id: str, id: int, user_id: str, *, type: str = EXPERIMENT) -> Standing:
    """Raises NoSuchSegmentation."""
    try:
        return get_standings(course_id, [id], user_id, type=type)[id]
    except KeyError:
        raise _no_such(course_id, id, type) from None


def get_standings(
    course_id: str, ids: Iterable[int], user_id: str, *, type: str = EXPERIMENT
) -> dict[int, Standing]:
    """One query, however many. A segmentation that the course does not have is left out."""
    check_id(user_id, "user")
    rows = (
        _present(course_id)
        .filter(type=type, number__in=[id for id in ids if is_id(id)])
        .annotate(
            mine=FilteredRelation("memberships", condition=Q(memberships__user_id=user_id)),
        )
        .values_list("pk", "number", "definition", "removed", "version", "mine__group_id")
    )
    standings: dict[int, Standing] = {}
    for row_id, number, definition, removed, version, group_id in rows:
        others = standings[number].group_ids if number in standings else frozenset()
        standings[number] = Standing(
            segmentation=_loads(definition, removed=removed),
            version=version,
            group_ids=others if group_id is None else others | {group_id},
            row_id=row_id,
        )
    return standings


def enter(standing: Standing, user_id: str, group_id: int, *, why: str, actor: str = "") -> bool:
    """Let the user into the group, in one statement.

    False, and nothing is changed, where the user is in it already or, in an exclusive type, in any.
    """
    return bool(enter_all([(standing, group_id)], user_id, why=why, actor=actor))


def enter_all(
    steps: Sequence[tuple[Standing, int]], user_id: str, *, why: str, actor: str = ""
) -> frozenset[int]:
    """`enter` for a group of each of several segmentations, all in one statement.

    The ids of the segmentations that the user really entered. To know them takes a second
    statement where some were entered by somebody else meanwhile.
    """
    _check_actor(actor)
    now = timezone.now()
    rows = [
        _Membership(
            segmentation_id=standing.row_id,
            user_id=user_id,
            slot=_slot(standing, group_id),
            group_id=group_id,
            version=standing.version,
            why=why,
            actor=actor,
            since=now,
        )
        for standing, group_id in steps
    ]
    if not rows:
        return frozenset()
    if insert_if_absent(*rows) == len(rows):
        return frozenset(standing.segmentation.id for standing, _ in steps)
    row_ids = {standing.row_id: standing.segmentation.id for standing, _ in steps}
    ours = _Membership.objects.filter(segmentation_id__in=row_ids, user_id=user_id, since=now)
    return frozenset(row_ids[row_id] for row_id in ours.values_list("segmentation_id", flat=True))


def move(
    standing: Standing,
    user_id: str,
    group_id: int,
    *,
    why: str,
    actor: str = "",
    only_from: frozenset[int] | None = None,
) -> bool:
    """Move a member of an exclusive segmentation.

    False, and nothing is changed, where the user is in that group already, in none any more, or,
    if `only_from` is given, in none of those.
    """
    _check_actor(actor)
    with transaction.atomic():
        row = (
            _Membership.objects.select_for_update()
            .filter(
                segmentation_id=standing.row_id, user_id=user_id, slot=_slot(standing, group_id)
            )
            .first()
        )
        if row is None or row.group_id == group_id:
            return False
        if only_from is not None and row.group_id not in only_from:
            return False
        _archive(row).save()
        row.from_group_id, row.group_id = row.group_id, group_id
        row.version, row.why, row.actor = standing.version, why, actor
        row.since = timezone.now()
        row.save()
        return True


def check_id(text: str, whose: str) -> None:
    """Raises InvalidId."""
    if flaw := flaw_of(text):
        msg = f"The id of a {whose} {flaw}."
        raise InvalidId(msg)


def check_number(course_id: str, id: int, *, type: str = EXPERIMENT) -> None:
    """Raises NoSuchSegmentation for what can be no segmentation's id. Does not look for one."""
    if not is_id(id):
        raise _no_such(course_id, id, type)


def _check_actor(actor: str) -> None:
    if actor:
        check_id(actor, "member of staff")


def _locked(course_id: str, keys: Iterable[_Key]) -> dict[_Key, _Segmentation]:
    """The course's rows, with a new one for each key that has none, kept from others meanwhile.

    New rows are inserted first: there is nothing to lock of a row that is not there, and two who
    publish a course for the first time would collide.
    """
    rows = _Segmentation.objects.filter(course_id=course_id)
    present = set(rows.values_list("type", "number"))
    absent = [
        _Segmentation(course_id=course_id, type=type, number=number, position=0, version=0)
        for type, number in keys
        if (type, number) not in present
    ]
    for row in absent:
        row.modified = timezone.now()
    if absent:
        insert_if_absent(*absent)
    return {(row.type, row.number): row for row in rows.select_for_update()}


def _publish(row: _Segmentation, position: int, definition: str, actor: str) -> None:
    is_new_version = row.removed or row.definition != definition
    if not is_new_version and row.position == position:
        return
    row.position, row.definition, row.removed = position, definition, False
    if is_new_version:
        _save_version(row, actor)
    else:
        row.save()


def _save_version(row: _Segmentation, actor: str) -> None:
    row.version += 1
    row.save()
    _SegmentationVersion.objects.create(
        segmentation=row,
        version=row.version,
        definition=row.definition,
        removed=row.removed,
        actor=actor,
    )


def _by_key(
    segmentations: Iterable[UserSegmentation],
) -> dict[_Key, UserSegmentation]:
    by_key: dict[_Key, UserSegmentation] = {}
    for segmentation in segmentations:
        key = (segmentation.type, segmentation.id)
        if key in by_key:
            msg = f"The list has two segmentations of type {key[0]!r} with id {key[1]}."
            raise InvalidSegmentation(msg)
        by_key[key] = segmentation
    return by_key


def _present(course_id: str) -> QuerySet[_Segmentation]:
    """Those in the course's list, and those removed from it that have members."""
    check_id(course_id, "course")
    members = _Membership.objects.filter(segmentation=OuterRef("pk"))
    return _Segmentation.objects.filter(Q(removed=False) | Exists(members), course_id=course_id)


def _row(course_id: str, id: int, type: str) -> _Segmentation:
    row = _present(course_id).filter(type=type, number=id).first() if is_id(id) else None
    if row is None:
        raise _no_such(course_id, id, type)
    return row


def _no_such(course_id: str, id: int, type: str) -> NoSuchSegmentation:
    msg = f"Course {course_id!r} has no segmentation {id!r} of type {type!r}."
    return NoSuchSegmentation(msg)


def _slot(standing: Standing, group_id: int) -> int:
    return EXCLUSIVE if standing.segmentation.type in EXCLUSIVE_TYPES else group_id


def _archive(row: _Membership) -> _PastChange:
    return _PastChange(
        segmentation_id=row.segmentation_id,
        user_id=row.user_id,
        from_group_id=row.from_group_id,
        to_group_id=row.group_id,
        why=row.why,
        actor=row.actor,
        when=row.since,
    )


def _dumps(segmentation: UserSegmentation) -> str:
    try:
        return json.dumps(segmentation.to_json(), allow_nan=False)
    except (TypeError, ValueError) as error:
        msg = f"Segmentation {segmentation.id} cannot be written as JSON: {error}."
        raise InvalidSegmentation(msg) from error


def _loads(definition: str, *, removed: bool) -> UserSegmentation:
    segmentation = UserSegmentation.from_json(json.loads(definition))
    return dataclasses.replace(segmentation, active=False) if removed else segmentation
