"""The progress of one learner: what they were given, and what they have earned in it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from xblock_experiments.course_user_segmentation.api import get_groups_over_time
from xblock_experiments.gradebook import structures
from xblock_experiments.gradebook.data import CourseGrade, SequenceGrade
from xblock_experiments.gradebook.grades import Points, Scores, points
from xblock_experiments.gradebook.grading import grade_of
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
    grade: SequenceGrade | None
    """The points that count. None if the sequence is not graded."""

    @property
    def earned(self) -> float:
        """The points in the blocks that the learner is given now."""
        return sum(each.earned for each in self.blocks)

    @property
    def possible(self) -> float:
        return sum(each.possible for each in self.blocks)

    @property
    def has_earlier_points(self) -> bool:
        """Return whether other points count, because the learner was given other blocks before."""
        graded = [each for each in self.blocks if each.block.graded]
        now = (sum(each.earned for each in graded), sum(each.possible for each in graded))
        return self.grade is not None and now != (self.grade.earned, self.grade.possible)


@dataclass(frozen=True, slots=True)
class Progress:
    """A learner's grade so far, and what it is made of."""

    grade: CourseGrade
    sequences: tuple[SequenceProgress, ...]
    """The sequences that the learner is given and in which there is something to earn."""


def progress_of(course_id: str, user_id: str) -> Progress:
    """Return the learner's progress. Raises NoStructure."""
    structure = structures.newest(course_id)
    ((_, groups),) = get_groups_over_time(course_id, [user_id])
    ((_, scores),) = scores_of(course_id, [user_id], None)
    grade = grade_of(structure, user_id, groups, scores)
    graded = {each.usage_id: each for each in grade.sequences}
    found = (
        SequenceProgress(
            sequence,
            tuple(_block(block, scores) for block in blocks),
            graded.get(sequence.usage_id),
        )
        for sequence, blocks in structure.given(Standpoint(groups.now, timezone.now()))
    )
    return Progress(grade, tuple(each for each in found if each.blocks or each.grade))


def _block(block: ScoredBlock, scores: Scores) -> BlockProgress:
    score = scores.get(block.usage_id)
    found: Points = points(block, score)
    return BlockProgress(block, float(found.earned), float(found.possible), score is not None)
