"""The problem report: each learner's points in each scored block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import batched

from django.utils import timezone

from xblock_experiments.course_user_segmentation.api import OverTime
from xblock_experiments.database.rows import AT_ONCE
from xblock_experiments.gradebook import structures
from xblock_experiments.gradebook.cells import NOT_ATTEMPTED, NOT_AVAILABLE, STUDENT
from xblock_experiments.gradebook.given import GivenBlocks
from xblock_experiments.gradebook.learners import learners_of
from xblock_experiments.gradebook.reading import raw_points_of
from xblock_experiments.gradebook.structure import CourseStructure, ScoredBlock
from xblock_experiments.gradebook.tables import Cell, Column, Table


def problem_report(course_id: str) -> Table:
    """Return a row for each learner with the points in each scored block. Raises NoStructure."""
    structure = structures.newest(course_id)
    blocks = {block.usage_id: block for each in structure.sequences for block in each.blocks}
    return Table(
        (STUDENT, *(column for block in blocks.values() for column in _columns_of(block))),
        _rows(structure, blocks),
    )


def _rows(
    structure: CourseStructure, blocks: Mapping[str, ScoredBlock]
) -> Iterator[tuple[Cell, ...]]:
    given, course = GivenBlocks(structure, timezone.now()), OverTime(structure.course_id)
    for user_ids in batched(learners_of(structure.course_id), AT_ONCE):
        groups = dict(course.groups_of(user_ids))
        for user_id, scores in raw_points_of(structure.course_id, user_ids):
            sequences = given.to(groups[user_id].now)
            present = {block.usage_id for each in sequences for block in each.blocks}
            cells: list[Cell] = [user_id]
            for usage_id, block in blocks.items():
                if usage_id not in present:
                    cells += [NOT_AVAILABLE, NOT_AVAILABLE]
                else:
                    cells += scores.get(usage_id, (NOT_ATTEMPTED, block.possible))
            yield tuple(cells)


def _columns_of(block: ScoredBlock) -> tuple[Column, Column]:
    return (
        Column(f"{block.display_name} (Earned)", "The learner's points in the block."),
        Column(f"{block.display_name} (Possible)", "The possible points, without a weight."),
    )
