"""The progress of one learner: what they were given, and what they have earned in it."""

from __future__ import annotations

from dataclasses import dataclass

from xblock_experiments.gradebook import structures
from xblock_experiments.gradebook.data import CourseGrade, SequenceGrade
from xblock_experiments.gradebook.given import GivenSequence
from xblock_experiments.gradebook.grading import Grader, Learner
from xblock_experiments.gradebook.numbers import as_float
from xblock_experiments.gradebook.points import Scores, points_in, total_of
from xblock_experiments.gradebook.structure import ScoredBlock, Sequence


@dataclass(frozen=True, slots=True)
class BlockProgress:
    """A scored block that the learner is given, with the weighted points in it."""

    block: ScoredBlock
    earned: float
    possible: float
    is_attempted: bool

    @classmethod
    def of(cls, block: ScoredBlock, scores: Scores) -> BlockProgress:
        found = points_in(block, scores)
        is_attempted = block.usage_id in scores
        return cls(block, as_float(found.earned), as_float(found.possible), is_attempted)


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
    """Indicates whether other points count, from blocks that were given before and are better."""


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
    grader = Grader(structures.newest(course_id))
    (learner,) = grader.learners([user_id])
    return progress_in(learner, grader.grade(learner))


def progress_in(learner: Learner, grade: CourseGrade) -> Progress:
    """Return the progress of a learner who has this grade."""
    graded = {each.usage_id: each for each in grade.sequences}
    is_compared = learner.present in learner.standings
    found = (
        _sequence(each, learner.scores, graded.get(each.sequence.usage_id), is_compared=is_compared)
        for each in learner.present.given
    )
    given = tuple(each for each in found if each.blocks or each.grade)
    now = {each.sequence.usage_id for each in given}
    before = tuple(each for each in grade.sequences if each.usage_id not in now)
    return Progress(grade, given, before)


def _sequence(
    given: GivenSequence, scores: Scores, grade: SequenceGrade | None, *, is_compared: bool
) -> SequenceProgress:
    """Return the progress in a sequence. `is_compared` says whether the grade could be of now."""
    every = total_of(points_in(block, scores) for block in given.blocks)
    counted = total_of(points_in(block, scores) for block in given.counted)
    now = (as_float(counted.earned), as_float(counted.possible))
    return SequenceProgress(
        given.sequence,
        tuple(BlockProgress.of(block, scores) for block in given.blocks),
        as_float(every.earned),
        as_float(every.possible),
        grade,
        has_earlier_points=(
            is_compared and grade is not None and now != (grade.earned, grade.possible)
        ),
    )
