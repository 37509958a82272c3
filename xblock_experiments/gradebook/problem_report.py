"""The problem report: each learner's points in each scored block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import batched

from xblock_experiments.database.rows import AT_ONCE
from xblock_experiments.gradebook import structures
from xblock_experiments.gradebook.cells import NOT_ATTEMPTED, NOT_AVAILABLE, STUDENT
from xblock_experiments.gradebook.grading import present_blocks_of
from xblock_experiments.gradebook.reading import raw_points_of
from xblock_experiments.gradebook.structure import CourseStructure, ScoredBlock
from xblock_experiments.gradebook.tables import Cell, Column, Table


def problem_report(course_id: str, learners: Iterable[str]) -> Table:
    """Return a row for each learner with the points in each scored block. Raises NoStructure."""
    structure = structures.newest(course_id)
    blocks = {block.usage_id: block for each in structure.sequences for block in each.blocks}
    return Table(
        (STUDENT, *(column for block in blocks.values() for column in _columns_of(block))),
        _rows(structure, learners, blocks),
    )


def _rows(
    structure: CourseStructure, learners: Iterable[str], blocks: Mapping[str, ScoredBlock]
) -> Iterator[tuple[Cell, ...]]:
    for user_ids in batched(learners, AT_ONCE):
        given = present_blocks_of(structure, user_ids)
        for user_id, scores in raw_points_of(structure.course_id, user_ids):
            cells: list[Cell] = [user_id]
            for usage_id, block in blocks.items():
                if usage_id not in given[user_id]:
                    cells += [NOT_AVAILABLE, NOT_AVAILABLE]
                else:
                    cells += scores.get(usage_id, (NOT_ATTEMPTED, block.possible))
            yield tuple(cells)


def _columns_of(block: ScoredBlock) -> tuple[Column, Column]:
    return (
        Column(f"{block.display_name} (Earned)", "The learner's points in the block."),
        Column(f"{block.display_name} (Possible)", "The possible points, without a weight."),
    )
