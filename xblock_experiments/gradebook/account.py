"""The account of one learner's grade, for staff: the groups over time, and what moves did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from xblock_experiments.course_user_segmentation.api import get_spells
from xblock_experiments.course_user_segmentation.data import Spell
from xblock_experiments.gradebook import structures
from xblock_experiments.gradebook.data import CourseGrade
from xblock_experiments.gradebook.graded import Graded
from xblock_experiments.gradebook.grades import course_grade
from xblock_experiments.gradebook.grading import Grader, Learner
from xblock_experiments.gradebook.held import is_held
from xblock_experiments.gradebook.progress import BlockProgress, Progress, progress_in


@dataclass(frozen=True, slots=True)
class Basis:
    """The earlier groups by which a sequence counts."""

    until: datetime
    """The time at which the learner left the first of the groups."""
    spells: tuple[Spell, ...]
    """The learner's times in the groups of then, without groups that they are in now."""


@dataclass(frozen=True, slots=True)
class SequenceAccount:
    """The effect of moves on one sequence."""

    basis: Basis | None = None
    """The earlier groups by which the sequence counts. None if it counts as it is given now."""
    earlier: tuple[BlockProgress, ...] = ()
    """The blocks that the learner was given only in earlier groups, with the points in them."""


@dataclass(frozen=True, slots=True)
class Account:
    """A learner's progress, with what it follows from."""

    progress: Progress
    spells: tuple[Spell, ...]
    """The times that the learner was in each group, in the order in which they began."""
    without_kept_points: CourseGrade
    """The grade as it would be without the setting KEEP_POINTS."""
    sequences: Mapping[str, SequenceAccount]
    """The effect of moves on the sequences, by usage id. Omits sequences without any."""

    @property
    def has_earlier_groups(self) -> bool:
        """Return whether the learner has left a group."""
        return any(spell.until for spell in self.spells)


def account_of(course_id: str, user_id: str) -> Account:
    """Return the account of the learner's grade. Raises NoStructure."""
    grader = Grader(structures.newest(course_id))
    (learner,) = grader.learners([user_id])
    outcome = grader.outcome(learner, learner.standings)
    grade = course_grade(user_id, grader.policy, outcome)
    without = course_grade(user_id, grader.policy, grader.outcome(learner, [learner.present]))
    return Account(
        progress_in(learner, grade),
        get_spells(course_id, user_id),
        without,
        _sequences(learner, outcome.sequences),
    )


def _sequences(learner: Learner, counted: Sequence[Graded]) -> dict[str, SequenceAccount]:
    bases = {each.sequence.usage_id: _basis(each.until, learner) for each in counted if each.until}
    earlier = _earlier_blocks(learner)
    return {
        usage_id: SequenceAccount(bases.get(usage_id), earlier.get(usage_id, ()))
        for usage_id in dict.fromkeys([*bases, *earlier])
    }


def _basis(until: datetime, learner: Learner) -> Basis:
    now = learner.groups.now
    spells = [
        spell
        for spell in learner.groups.spells
        if is_held(spell, until)
        and spell.group_id not in now.get(spell.segmentation_id, frozenset())
    ]
    return Basis(until, tuple(sorted(spells, key=attrgetter("segmentation_id", "group_id"))))


def _earlier_blocks(learner: Learner) -> dict[str, tuple[BlockProgress, ...]]:
    """Return the blocks of earlier standings that the learner is not given now, by sequence."""
    present = {block.usage_id for each in learner.present.given for block in each.blocks}
    found: dict[str, dict[str, BlockProgress]] = {}
    for standing in learner.earlier:
        for graded in standing.graded(learner.scores):
            for block in graded.blocks:
                if block.usage_id not in present:
                    progress = BlockProgress.of(block, learner.scores)
                    found.setdefault(graded.sequence.usage_id, {})[block.usage_id] = progress
    return {usage_id: tuple(blocks.values()) for usage_id, blocks in found.items()}
