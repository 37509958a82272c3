"""The progress of one learner: what they were given, and what they have earned in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from xblock_experiments.course_user_segmentation.api import get_groups_over_time
from xblock_experiments.gradebook import structures
from xblock_experiments.gradebook.data import CourseGrade, SequenceGrade
from xblock_experiments.gradebook.grades import Points, Scores, points, total_of
from xblock_experiments.gradebook.grading import grade_of
from xblock_experiments.gradebook.numbers import as_float
from xblock_experiments.gradebook.reading import scores_of
from xblock_experiments.gradebook.structure import ScoredBlock, Sequence, Standpoint


@dataclass(frozen=True, slots=True)
class BlockProgress:
    """A scored block that the learner is given, with the weighted points in it."""

    block: ScoredBlock
    earned: float
    possible: float
    is_attempted: bool


@dataclass(frozen=True, slots=True)
class SequenceProgress:
    """A sequence that the learner is given, with the points that count for the grade, if any."""

    sequence: Sequence
    blocks: tuple[BlockProgress, ...]
    earned: float
    """The points in the blocks that the learner is given now."""
    possible: float
    grade: SequenceGrade | None
    """The points that count. None if the sequence does not count, or another one does instead."""
    has_earlier_points: bool
    """Indicates whether other points count, because the learner was given other blocks before."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A learner's grade so far, and what it is made of."""

    grade: CourseGrade
    sequences: tuple[SequenceProgress, ...]
    """The sequences that the learner is given and in which there is something to earn."""
    before: tuple[SequenceGrade, ...]
    """The sequences that count, but that the learner was given only in an earlier group."""


def progress_of(course_id: str, user_id: str) -> Progress:
    """Return the learner's progress. Raises NoStructure."""
    structure = structures.newest(course_id)
    ((_, groups),) = get_groups_over_time(course_id, [user_id])
    ((_, scores),) = scores_of(course_id, [user_id], None)
    grade = grade_of(structure, user_id, groups, scores)
    graded = {each.usage_id: each for each in grade.sequences}
    found = (
        _sequence(sequence, blocks, scores, graded.get(sequence.usage_id))
        for sequence, blocks in structure.given(Standpoint(groups.now, timezone.now()))
    )
    given = tuple(each for each in found if each.blocks or each.grade)
    now = {each.sequence.usage_id for each in given}
    before = tuple(each for each in grade.sequences if each.usage_id not in now)
    return Progress(grade, given, before)


def _sequence(
    sequence: Sequence, blocks: Iterable[ScoredBlock], scores: Scores, grade: SequenceGrade | None
) -> SequenceProgress:
    found = [(block, points(block, scores.get(block.usage_id))) for block in blocks]
    every = total_of(each for _, each in found)
    counted = total_of(each for block, each in found if block.graded)
    now = (as_float(counted.earned), as_float(counted.possible))
    return SequenceProgress(
        sequence,
        tuple(_block(block, each, scores) for block, each in found),
        as_float(every.earned),
        as_float(every.possible),
        grade,
        has_earlier_points=grade is not None and now != (grade.earned, grade.possible),
    )


def _block(block: ScoredBlock, found: Points, scores: Scores) -> BlockProgress:
    is_attempted = block.usage_id in scores
    return BlockProgress(block, as_float(found.earned), as_float(found.possible), is_attempted)
