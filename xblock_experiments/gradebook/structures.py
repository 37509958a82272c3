"""The store of courses' structures, with all their versions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
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
    return parsed(row)


def parsed(row: Structure) -> CourseStructure:
    """Return the structure in the row."""
    return _parsed(_Stored(row.course_id, row.version, row.published, row.definition))


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


@dataclass(frozen=True, slots=True)
class _Stored:
    """A version as it is stored. The time tells apart versions that were rolled back."""

    course_id: str
    version: int
    published: datetime
    definition: str = field(compare=False)


@lru_cache(maxsize=100)
def _parsed(stored: _Stored) -> CourseStructure:
    """Parse a structure. It is frozen, so it is cached and shared."""
    return loads(stored.course_id, stored.definition)
