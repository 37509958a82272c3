"""Publishing of a course's list of segmentations, and previews of its effects."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Literal

from django.db.models import Count

from xblock_experiments.course_user_segmentation.announcements import announce_versions
from xblock_experiments.course_user_segmentation.checks import check_actor, check_id
from xblock_experiments.course_user_segmentation.data import (
    EditPreview,
    InvalidSegmentation,
    SegmentationEdit,
    UserSegmentation,
)
from xblock_experiments.course_user_segmentation.models import (
    Membership,
    Publication,
    Segmentation,
    SegmentationVersion,
)
from xblock_experiments.course_user_segmentation.segmentations import (
    dumps,
    loads,
    present,
    using,
)
from xblock_experiments.database.rows import insert_if_absent
from xblock_experiments.database.transactions import Overtaken, persist, reports_faults
from xblock_experiments.retired import api as retired

type Change = Literal["new", "changed", "same", "removed", "returned"]

type _Key = tuple[str, int]
"""The type and id that identify a segmentation within its course."""


@reports_faults
def save_segmentations(
    course_id: str, segmentations: Iterable[UserSegmentation], *, actor: str = ""
) -> None:
    """Publish the course's whole list. Writes nothing for unchanged segmentations.

    A changed segmentation gets a new version. A segmentation that is no longer listed is stored,
    inactive, for as long as it has members.

    A retired actor is left out. Raises InvalidSegmentation, and then changes nothing.
    """
    check_id(course_id, "course")
    check_actor(actor)
    actor = retired.name_of(actor)
    listed = {key: dumps(segmentation) for key, segmentation in _by_key(segmentations).items()}
    persist(partial(_save, course_id, listed, actor), using=using())


@reports_faults
def preview_edit(course_id: str, segmentations: Iterable[UserSegmentation]) -> EditPreview:
    """Return the effects of saving this list. Writes nothing.

    Raises InvalidSegmentation if saving would raise it.
    """
    listed = _by_key(segmentations)
    definitions = {key: dumps(segmentation) for key, segmentation in listed.items()}
    published = {(row.type, row.number): row for row in present(course_id)}
    counts = _count_members(published.values())
    edits = [
        _edit(
            segmentation, _change(definitions[key], published.get(key)), published.get(key), counts
        )
        for key, segmentation in listed.items()
    ]
    removed = [
        _removal(row, counts)
        for key, row in published.items()
        if key not in listed and not row.removed
    ]
    return EditPreview(segmentations=(*edits, *removed))


def _save(course_id: str, listed: Mapping[_Key, str], actor: str) -> None:
    publication = _locked(course_id)
    rows = Segmentation.objects.using(using()).filter(course_id=course_id).order_by("pk")
    published = {(row.type, row.number): row for row in rows.select_for_update()}
    changes: list[tuple[Segmentation, str]] = []
    for position, (key, definition) in enumerate(listed.items()):
        row = published.get(key)
        row = row or Segmentation(course_id=course_id, type=key[0], number=key[1])
        changes.append((row, _publish(row, position, definition, actor)))
    for key, row in published.items():
        if key not in listed and not row.removed:
            changes.append((row, _withdraw(row, actor)))
    if any(change != "same" for _, change in changes):
        # Under REPEATABLE READ, this shows transactions that waited for the row a changed list.
        publication.count += 1
        publication.save()
    versions = [
        (loads(row.definition, removed=row.removed), row.version, change)
        for row, change in changes
        if change not in ("same", "reordered")
    ]
    announce_versions(course_id, versions, actor)


def _locked(course_id: str) -> Publication:
    """Return the course's row, locked until the transaction ends against other publishers.

    A missing row cannot be locked, so it is inserted first.
    """
    rows = Publication.objects.using(using()).filter(course_id=course_id).select_for_update()
    publication = rows.first()
    if publication is None:
        insert_if_absent(Publication, [{"course_id": course_id}])
        publication = rows.first()
    if publication is None:
        msg = f"another process publishes {course_id!r} for the first time"
        raise Overtaken(msg)
    return publication


def _publish(row: Segmentation, position: int, definition: str, actor: str) -> str:
    """Save the row, and return its Change, or "reordered" if only its position changed."""
    change = _change(definition, row if row.pk else None)
    if change == "same" and row.position == position:
        return change
    row.position, row.definition, row.removed = position, definition, False
    if change == "same":
        row.save()
        return "reordered"
    _save_version(row, actor)
    return change


def _withdraw(row: Segmentation, actor: str) -> str:
    row.removed = True
    _save_version(row, actor)
    return "removed"


def _save_version(row: Segmentation, actor: str) -> None:
    row.version += 1
    row.save(using=using())
    SegmentationVersion.objects.create(
        segmentation=row,
        version=row.version,
        definition=row.definition,
        removed=row.removed,
        actor=actor,
    )


def _count_members(rows: Iterable[Segmentation]) -> dict[int, Counter[int]]:
    """Count members by segmentation row and group id."""
    counts: dict[int, Counter[int]] = defaultdict(Counter)
    memberships = Membership.objects.filter(segmentation__in=rows).order_by()
    grouped = memberships.values_list("segmentation_id", "group_id").annotate(Count("pk"))
    for row_id, group_id, count in grouped:
        counts[row_id][group_id] = count
    return counts


def _edit(
    segmentation: UserSegmentation,
    change: Change,
    row: Segmentation | None,
    counts: Mapping[int, Counter[int]],
) -> SegmentationEdit:
    members = Counter[int]() if row is None else counts.get(row.pk, Counter())
    stay = {group.id: members[group.id] for group in segmentation.groups}
    present = () if row is None else loads(row.definition, removed=row.removed).groups
    return SegmentationEdit(
        id=segmentation.id,
        type=segmentation.type,
        name=segmentation.name,
        change=change,
        stay=sum(stay.values()),
        leave=sum(members[group.id] for group in present if group.id not in stay),
        empty=tuple(group for group in segmentation.groups if not stay[group.id]),
    )


def _change(definition: str, row: Segmentation | None) -> Change:
    if row is None:
        return "new"
    if row.removed:
        return "returned"
    return "same" if row.definition == definition else "changed"


def _removal(row: Segmentation, counts: Mapping[int, Counter[int]]) -> SegmentationEdit:
    edit = _edit(loads(row.definition, removed=True), "removed", row, counts)
    return dataclasses.replace(edit, empty=())


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
