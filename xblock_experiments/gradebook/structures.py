"""The store of courses' structures, with all their versions."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from itertools import batched

from django.db import router
from django.utils import timezone

from xblock_experiments.database.rows import AT_ONCE, insert_if_absent
from xblock_experiments.database.transactions import Overtaken, persist
from xblock_experiments.gradebook.data import InvalidScore, NoStructure
from xblock_experiments.gradebook.models import Block, Structure
from xblock_experiments.gradebook.structure import CourseStructure
from xblock_experiments.gradebook.structure_json import dumps, loads


def save(structure: CourseStructure, usage_ids: Collection[str]) -> None:
    """Store a new version, unless it is equal to the last, and the usage ids of all blocks."""
    using = router.db_for_write(Structure)
    course_id, definition = structure.course_id, dumps(structure)

    def write() -> None:
        rows = Structure.objects.using(using).filter(course_id=course_id)
        last = rows.order_by("-version").first()
        if last is None or last.definition != definition:
            row = {
                "course_id": course_id,
                "version": last.version + 1 if last else 1,
                "definition": definition,
                "published": timezone.now(),
            }
            if not insert_if_absent(Structure, [row]):
                msg = "another process has just stored a version"
                raise Overtaken(msg)
        _add_blocks(course_id, usage_ids, using)

    persist(write, using=using)


def newest(course_id: str) -> CourseStructure:
    """Return the course's structure as last published. One query. Raises NoStructure."""
    row = Structure.objects.filter(course_id=course_id).order_by("-version").first()
    if row is None:
        msg = f"The structure of the course {course_id} is not known, so it has no grades."
        raise NoStructure(msg)
    return _parsed(course_id, row.definition)


def versions_at(
    course_id: str, moments: Collection[datetime]
) -> dict[datetime, CourseStructure | None]:
    """Return the structure of each moment, or None from before the first. Up to two queries."""
    if not moments:
        return {}
    rows = Structure.objects.filter(course_id=course_id).order_by("version")
    published = list(rows.values_list("published", "version"))
    version_at = {
        moment: max((version for when, version in published if when <= moment), default=None)
        for moment in moments
    }
    found = {
        row.version: _parsed(course_id, row.definition)
        for row in rows.filter(version__in=set(filter(None, version_at.values())))
    }
    return {moment: found[version] if version else None for moment, version in version_at.items()}


def check_known(course_id: str, usage_id: str) -> None:
    """Raise InvalidScore if the course's blocks are known and never included this one."""
    # A replica may lag behind the edit that added the block.
    blocks = Block.objects.using(router.db_for_write(Block)).filter(course_id=course_id)
    if not blocks.filter(usage_id=usage_id).exists() and blocks.exists():
        msg = f"The course {course_id} has never had a block {usage_id}."
        raise InvalidScore(msg)


def _add_blocks(course_id: str, usage_ids: Collection[str], using: str) -> None:
    blocks = Block.objects.using(using).filter(course_id=course_id)
    new = sorted(set(usage_ids).difference(blocks.values_list("usage_id", flat=True)))
    for batch in batched(new, AT_ONCE):
        insert_if_absent(Block, [{"course_id": course_id, "usage_id": each} for each in batch])


@lru_cache(maxsize=100)
def _parsed(course_id: str, definition: str) -> CourseStructure:
    """Parse a structure. It is frozen, so it is cached and shared."""
    return loads(course_id, definition)
