"""The rows of segmentations, and their JSON definitions."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from operator import attrgetter

from django.db import router
from django.db.models import Exists, OuterRef, Q, QuerySet

from xblock_experiments.course_user_segmentation.checks import check_id, no_such
from xblock_experiments.course_user_segmentation.data import (
    Group,
    InvalidSegmentation,
    UserSegmentation,
    Version,
    is_type,
)
from xblock_experiments.course_user_segmentation.models import (
    Membership,
    Segmentation,
    SegmentationVersion,
)
from xblock_experiments.course_user_segmentation.types import EXPERIMENT
from xblock_experiments.database.transactions import reports_faults
from xblock_experiments.keys.ids import is_id


@reports_faults
def get_segmentations(course_id: str, *, type: str | None = None) -> tuple[UserSegmentation, ...]:
    """Return the course's segmentations in listed order. Removed ones come last, inactive."""
    rows = present(course_id)
    if type is not None:
        rows = rows.filter(type=type) if is_type(type) else rows.none()
    rows = rows.order_by("removed", "position", "pk")
    return tuple(loads(row.definition, removed=row.removed) for row in rows)


@reports_faults
def get_segmentation(course_id: str, id: int, *, type: str = EXPERIMENT) -> UserSegmentation:
    """Return the course's segmentation. Raises NoSuchSegmentation."""
    row = row_of(course_id, id, type)
    return loads(row.definition, removed=row.removed)


@reports_faults
def get_versions(course_id: str, id: int, *, type: str = EXPERIMENT) -> tuple[Version, ...]:
    """Return all versions of the segmentation, oldest first. Raises NoSuchSegmentation."""
    return tuple(map(_version, any_row_of(course_id, id, type).versions.order_by("version")))


@reports_faults
def get_all_versions(course_id: str) -> Iterator[Version]:
    """Yield all versions of all segmentations that the course has or had. One query."""
    check_id(course_id, "course")
    rows = SegmentationVersion.objects.filter(segmentation__course_id=course_id)
    order = ("segmentation__number", "segmentation__type", "version")
    return map(_version, rows.order_by(*order))


@reports_faults
def get_removed_groups(course_id: str) -> dict[tuple[str, int], tuple[Group, ...]]:
    """Return the groups that only earlier versions have, by type and id of their segmentation.

    Each group is as it was before it was removed. One query.
    """
    check_id(course_id, "course")
    rows = SegmentationVersion.objects.filter(segmentation__course_id=course_id)
    rows = rows.select_related("segmentation").order_by("segmentation", "version")
    found: dict[tuple[str, int], tuple[Group, ...]] = {}
    for row, versions in groupby(rows, key=attrgetter("segmentation")):
        *earlier, latest = (loads(each.definition, removed=each.removed) for each in versions)
        present = {group.id for group in latest.groups}
        groups = {group.id: group for version in earlier for group in version.groups}
        found[row.type, row.number] = tuple(
            group for id, group in groups.items() if id not in present
        )
    return found


def present(course_id: str) -> QuerySet[Segmentation]:
    """Return segmentations in the course's list, and removed ones that have members."""
    members = Membership.objects.filter(segmentation=OuterRef("pk"))
    return _of(course_id).filter(Q(removed=False) | Exists(members))


def row_of(course_id: str, id: int, type: str) -> Segmentation:
    return _only(present(course_id), course_id, id, type)


def any_row_of(course_id: str, id: int, type: str) -> Segmentation:
    """Return the segmentation's row, even if it was removed and has no members."""
    return _only(_of(course_id), course_id, id, type)


def _version(row: SegmentationVersion) -> Version:
    return Version(
        version=row.version,
        segmentation=loads(row.definition, removed=row.removed),
        removed=row.removed,
        when=row.created,
        who=row.actor,
    )


def _of(course_id: str) -> QuerySet[Segmentation]:
    check_id(course_id, "course")
    return Segmentation.objects.filter(course_id=course_id)


def _only(rows: QuerySet[Segmentation], course_id: str, id: int, type: str) -> Segmentation:
    """Return the row with this id and type. Raises NoSuchSegmentation."""
    is_sound = is_id(id) and is_type(type)
    row = rows.filter(type=type, number=id).first() if is_sound else None
    if row is None:
        raise no_such(course_id, id, type)
    return row


def using() -> str:
    """Return the database for writes of memberships. A replica may lag behind it."""
    return router.db_for_write(Membership)


def dumps(segmentation: UserSegmentation) -> str:
    try:
        return json.dumps(segmentation.to_json(), allow_nan=False)
    except (TypeError, ValueError) as error:
        msg = f"Segmentation {segmentation.id} cannot be written as JSON: {error}."
        raise InvalidSegmentation(msg) from error


@lru_cache(maxsize=1_000)
def loads(definition: str, *, removed: bool) -> UserSegmentation:
    """Parse a definition. The result is frozen, so it is cached and shared."""
    segmentation = UserSegmentation.from_json(json.loads(definition))
    return dataclasses.replace(segmentation, active=False) if removed else segmentation
