"""What a course's segmentations are, and who is in which group.

The whole face of the store: models are its own. What `__all__` does not list is for the sibling
apps that decide who goes where; this one only keeps it.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Literal

from django.db import connections, router
from django.db.models import Count, Exists, FilteredRelation, OuterRef, Q, QuerySet
from django.utils import timezone

from xblock_experiments.course_user_segmentation.data import (
    EXCLUSIVE_TYPES,
    EXPERIMENT,
    Change,
    EditPreview,
    InvalidId,
    InvalidSegmentation,
    Membership,
    NoSuchSegmentation,
    SegmentationEdit,
    Standing,
    UserSegmentation,
    Version,
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
from xblock_experiments.rows import in_pages, insert_if_absent, lock_shared
from xblock_experiments.transactions import (
    ROUNDS,
    attempt,
    contended,
    dies_of_news,
    keeps_snapshot,
    persist,
    reports_faults,
    seeing_new_commits,
)

type _Key = tuple[str, int]
"""What names a segmentation within its course: type and id."""

__all__ = [
    "get_group_ids",
    "get_history",
    "get_members",
    "get_segmentation",
    "get_segmentations",
    "get_versions",
    "preview_edit",
    "put_in_group",
    "remove_from_group",
    "retire_user",
    "save_segmentations",
]


@reports_faults
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
    persist(partial(_save, course_id, listed, actor), using=_using())


def preview_edit(course_id: str, segmentations: Iterable[UserSegmentation]) -> EditPreview:
    """What saving this list would do to whom. Writes nothing.

    Raises InvalidSegmentation, as saving would.
    """
    listed = _by_key(segmentations)
    published = {(row.type, row.number): row for row in _present(course_id)}
    counts = _count_members(published.values())
    edits = [
        _edit(segmentation, published.get(key), counts) for key, segmentation in listed.items()
    ]
    removed = [
        _removal(row, counts)
        for key, row in published.items()
        if key not in listed and not row.removed
    ]
    return EditPreview(segmentations=(*edits, *removed))


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


def get_versions(course_id: str, id: int, *, type: str = EXPERIMENT) -> tuple[Version, ...]:
    """All that the segmentation ever was, oldest first. Raises NoSuchSegmentation."""
    return tuple(
        Version(
            version=row.version,
            segmentation=_loads(row.definition, removed=row.removed),
            removed=row.removed,
            when=row.created,
            who=row.actor,
        )
        for row in _row(course_id, id, type).versions.order_by("version")
    )


def get_group_ids(
    course_id: str, id: int, user_id: str, *, type: str = EXPERIMENT
) -> frozenset[int]:
    """The groups the user is in, of those that the segmentation has, also while it is inactive.

    Raises NoSuchSegmentation.
    """
    standing = get_standing(course_id, id, user_id, type=type)
    present = {group.id for group in standing.segmentation.groups}
    return standing.group_ids & present


@reports_faults
def put_in_group(
    course_id: str, id: int, user_id: str, group_id: int, *, type: str, actor: str = ""
) -> None:
    """Put the user in the group; out of the present one, where the type is exclusive.

    Raises NoSuchSegmentation, NoSuchGroup.
    """
    _check_actor(actor)
    standing = get_standing(course_id, id, user_id, type=type)
    for _ in range(ROUNDS):
        standing.segmentation.group(group_id)
        if group_id in standing.group_ids:
            return
        if enter(standing, group_id, why="put", actor=actor):
            return
        if move(standing, group_id, why="put", actor=actor):
            return
        standing = read_again([standing])[0]
    raise contended(f"{user_id!r} could not be put in group {group_id} of segmentation {id}")


@reports_faults
def remove_from_group(
    course_id: str, id: int, user_id: str, group_id: int, *, type: str, actor: str = ""
) -> None:
    """Take the user out of the group. Does nothing where the user is not in it.

    Raises NoSuchSegmentation.
    """
    _check_actor(actor)
    standing = get_standing(course_id, id, user_id, type=type)
    persist(partial(_remove, standing, group_id, actor), using=_using())


@reports_faults
def retire_user(user_id: str) -> int:
    """Delete all memberships of the user and their history, everywhere; how many rows that were."""
    check_id(user_id, "user")
    return persist(partial(_retire, user_id), using=_using())


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
        for row in in_pages(rows)
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
        raise no_such(course_id, id, type) from None


def get_standings(
    course_id: str, ids: Iterable[int], user_id: str, *, type: str = EXPERIMENT
) -> dict[int, Standing]:
    """One query, however many. A segmentation that the course does not have is left out."""
    rows = _present(course_id).filter(type=type, number__in=[id for id in ids if is_id(id)])
    return {standing.segmentation.id: standing for standing in _stand(rows, [user_id])}


@reports_faults
def get_all_standings(course_id: str, user_id: str) -> tuple[Standing, ...]:
    """In all segmentations of the course, in its order. One query."""
    rows = _present(course_id).order_by("removed", "position", "pk")
    return tuple(_stand(rows, [user_id]))


def get_standings_of(
    course_id: str, id: int, user_ids: Sequence[str], *, type: str = EXPERIMENT
) -> list[Standing]:
    """Of many users, in their order, in one query. Raises NoSuchSegmentation."""
    rows = _present(course_id).filter(type=type, number__in=[id] if is_id(id) else [])
    standings = _stand(rows, user_ids)
    if user_ids and not standings:
        raise no_such(course_id, id, type)
    return standings


def read_again(standings: Sequence[Standing]) -> list[Standing]:
    """Where these users stand by now, also by what this transaction cannot see. One query."""
    if not standings:
        return []
    with seeing_new_commits(_using()):
        return _read_again(standings)


def read_winners(standings: Sequence[Standing]) -> list[Standing]:
    """`read_again` of users whom somebody else just let in, as that other was told it.

    That is, under the version that the other had read. If the group was removed meanwhile, all who
    raced for it are still told the same.
    """
    if not standings:
        return []
    with seeing_new_commits(_using()):
        found = _read_again(standings)
        entered = _versions_of_entry(found)
        definitions = _definitions(entered.values())
    return [
        dataclasses.replace(standing, segmentation=definitions[entered[_place(standing)]])
        if _place(standing) in entered
        else standing
        for standing in found
    ]


def enter(standing: Standing, group_id: int, *, why: str, actor: str = "") -> bool:
    """Let the user into the group, in one statement.

    False, and nothing is changed, where the user is in it already or, in an exclusive type, in any.
    """
    return bool(enter_all([(standing, group_id)], why=why, actor=actor))


def enter_all(
    steps: Sequence[tuple[Standing, int]], *, why: str, actor: str = ""
) -> list[tuple[Standing, int]]:
    """`enter` for each of many, all in one statement. Those steps that were really taken."""
    _check_actor(actor)
    now = timezone.now()
    rows = [
        _Membership(
            segmentation_id=standing.row_id,
            user_id=standing.user_id,
            slot=_slot(standing, group_id),
            group_id=group_id,
            version=standing.version,
            why=why,
            actor=actor,
            since=now,
        )
        for standing, group_id in steps
    ]
    rows.sort(key=lambda row: (row.user_id, row.segmentation_id, row.slot))
    entered = {(row.user_id, row.segmentation_id, row.slot) for row in insert_if_absent(rows)}
    return [
        (standing, group_id)
        for standing, group_id in steps
        if (standing.user_id, standing.row_id, _slot(standing, group_id)) in entered
    ]


def move(
    standing: Standing,
    group_id: int,
    *,
    why: str,
    actor: str = "",
    only_from: frozenset[int] | None = None,
) -> bool:
    """Move a member of an exclusive segmentation.

    False, and nothing is changed, where the user is in that group already, in none any more, or,
    if `only_from` is given, in none of those; and where the segmentation was edited meanwhile, or
    somebody else was faster.
    """
    _check_actor(actor)
    work = partial(_move, standing, group_id, why, actor, only_from)
    using = _using()
    if not dies_of_news(connections[using]):
        moved = attempt(work, otherwise=None, using=using)
        if moved is not None or not keeps_snapshot(connections[using]):
            return bool(moved)
    with seeing_new_commits(using):
        return attempt(work, otherwise=False, using=using)


def check_id(text: str, whose: str) -> None:
    """Raises InvalidId."""
    if flaw := flaw_of(text):
        msg = f"The id of a {whose} {flaw}."
        raise InvalidId(msg)


def no_such(course_id: str, id: int, type: str) -> NoSuchSegmentation:
    """The error, to be raised."""
    msg = f"Course {course_id!r} has no segmentation {id!r} of type {type!r}."
    return NoSuchSegmentation(msg)


def _check_actor(actor: str) -> None:
    if actor:
        check_id(actor, "member of staff")


def _using() -> str:
    """The database that memberships are written to, which a replica may be behind."""
    return router.db_for_write(_Membership)


def _save(course_id: str, listed: Mapping[_Key, str], actor: str) -> None:
    published = _locked(course_id, listed)
    for position, (key, definition) in enumerate(listed.items()):
        _publish(published[key], position, definition, actor)
    for key, row in published.items():
        if key not in listed and not row.removed:
            row.removed = True
            _save_version(row, actor)


def _locked(course_id: str, keys: Iterable[_Key]) -> dict[_Key, _Segmentation]:
    """The course's rows, with a new one for each key that has none, kept from others meanwhile.

    New rows are inserted first: there is nothing to lock of a row that is not there, and two who
    publish a course for the first time would collide.
    """
    rows = _Segmentation.objects.filter(course_id=course_id)
    present = set(rows.values_list("type", "number"))
    insert_if_absent(
        [
            _Segmentation(course_id=course_id, type=type, number=number, position=0, version=0)
            for type, number in sorted(keys)
            if (type, number) not in present
        ]
    )
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


def _remove(standing: Standing, group_id: int, actor: str) -> None:
    rows = _Membership.objects.select_for_update().filter(
        segmentation_id=standing.row_id, user_id=standing.user_id, group_id=group_id
    )
    for row in rows:
        _archive(row).save()
        _PastChange(
            segmentation_id=row.segmentation_id,
            user_id=row.user_id,
            from_group_id=group_id,
            to_group_id=None,
            why="removed",
            actor=actor,
            when=timezone.now(),
        ).save()
        row.delete()


def _retire(user_id: str) -> int:
    memberships, _ = _Membership.objects.filter(user_id=user_id).delete()
    changes, _ = _PastChange.objects.filter(user_id=user_id).delete()
    return memberships + changes


def _move(
    standing: Standing, group_id: int, why: str, actor: str, only_from: frozenset[int] | None
) -> bool:
    """Nobody edits the segmentation until this is done: the group that is left could return."""
    current = _Segmentation.objects.using(_using()).filter(
        pk=standing.row_id, version=standing.version
    )
    if not lock_shared(current.values_list("pk")):
        return False
    row = (
        _Membership.objects.select_for_update()
        .filter(
            segmentation_id=standing.row_id,
            user_id=standing.user_id,
            slot=_slot(standing, group_id),
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


def _stand(rows: QuerySet[_Segmentation], user_ids: Collection[str]) -> list[Standing]:
    """Each of the users in each of the segmentations, in the order of the rows. One query."""
    for user_id in user_ids:
        check_id(user_id, "user")
    found = rows.annotate(
        mine=FilteredRelation("memberships", condition=Q(memberships__user_id__in=user_ids)),
    ).values_list(
        *("pk", "course_id", "definition", "removed", "version"),
        *("mine__user_id", "mine__group_id"),
    )
    segmentations: dict[int, tuple[str, UserSegmentation, int]] = {}
    group_ids: dict[tuple[int, str], set[int]] = defaultdict(set)
    for row_id, course_id, definition, removed, version, user_id, group_id in found:
        if row_id not in segmentations:
            segmentations[row_id] = course_id, _loads(definition, removed=removed), version
        if user_id is not None:
            group_ids[row_id, user_id].add(group_id)
    return [
        Standing(
            course_id=course_id,
            user_id=user_id,
            segmentation=segmentation,
            version=version,
            group_ids=frozenset(group_ids[row_id, user_id]),
            row_id=row_id,
        )
        for row_id, (course_id, segmentation, version) in segmentations.items()
        for user_id in user_ids
    ]


def _read_again(standings: Sequence[Standing]) -> list[Standing]:
    rows = _Segmentation.objects.using(_using()).filter(pk__in={s.row_id for s in standings})
    found = _stand(rows, sorted({standing.user_id for standing in standings}))
    wanted = {_place(standing) for standing in standings}
    return [standing for standing in found if _place(standing) in wanted]


def _versions_of_entry(standings: Sequence[Standing]) -> dict[tuple[int, str], tuple[int, int]]:
    """Of those users who are in a group: the segmentation and the version of it that it was."""
    memberships = _Membership.objects.using(_using()).filter(
        segmentation__in={standing.row_id for standing in standings},
        user_id__in={standing.user_id for standing in standings},
    )
    entries = memberships.values_list("segmentation_id", "user_id", "version")
    return {(row_id, user_id): (row_id, version) for row_id, user_id, version in entries}


def _definitions(keys: Iterable[tuple[int, int]]) -> dict[tuple[int, int], UserSegmentation]:
    """What segmentations were in these versions."""
    row_ids, versions = {row_id for row_id, _ in keys}, {version for _, version in keys}
    rows = _SegmentationVersion.objects.using(_using()).filter(
        segmentation__in=row_ids, version__in=versions
    )
    return {
        (row.segmentation_id, row.version): _loads(row.definition, removed=row.removed)
        for row in rows
    }


def _place(standing: Standing) -> tuple[int, str]:
    return standing.row_id, standing.user_id


def _count_members(rows: Iterable[_Segmentation]) -> dict[int, Counter[int]]:
    """How many are in each group, by segmentation and group."""
    counts: dict[int, Counter[int]] = defaultdict(Counter)
    memberships = _Membership.objects.filter(segmentation__in=rows).order_by()
    grouped = memberships.values_list("segmentation_id", "group_id").annotate(Count("pk"))
    for row_id, group_id, count in grouped:
        counts[row_id][group_id] = count
    return counts


def _edit(
    segmentation: UserSegmentation,
    row: _Segmentation | None,
    counts: Mapping[int, Counter[int]],
) -> SegmentationEdit:
    members = Counter[int]() if row is None else counts.get(row.pk, Counter())
    stay = {group.id: members[group.id] for group in segmentation.groups}
    return SegmentationEdit(
        id=segmentation.id,
        type=segmentation.type,
        name=segmentation.name,
        change=_change(segmentation, row),
        stay=sum(stay.values()),
        leave=members.total() - sum(stay.values()),
        empty=tuple(group for group in segmentation.groups if not stay[group.id]),
    )


def _change(
    segmentation: UserSegmentation, row: _Segmentation | None
) -> Literal["new", "changed", "same", "returned"]:
    if row is None:
        return "new"
    if row.removed:
        return "returned"
    return "same" if row.definition == _dumps(segmentation) else "changed"


def _removal(row: _Segmentation, counts: Mapping[int, Counter[int]]) -> SegmentationEdit:
    segmentation = _loads(row.definition, removed=True)
    return dataclasses.replace(_edit(segmentation, row, counts), change="removed", empty=())


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
        raise no_such(course_id, id, type)
    return row


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
