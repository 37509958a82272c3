"""One sequence with the points that count for a learner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cached_property

from xblock_experiments.gradebook.data import SequenceGrade
from xblock_experiments.gradebook.numbers import as_float, share
from xblock_experiments.gradebook.points import Points
from xblock_experiments.gradebook.structure import ScoredBlock, Sequence


@dataclass(frozen=True, eq=False)
class Graded:
    """One sequence with the points that count. Learners with equal scores share it."""

    sequence: Sequence
    points: Points
    blocks: tuple[ScoredBlock, ...]
    """The blocks that make the points."""
    until: datetime | None = None
    """The time until which the learner was given the blocks, or None for now."""

    @cached_property
    def share(self) -> Fraction:
        return share(self.points.earned, self.points.possible)

    @cached_property
    def grade(self) -> SequenceGrade:
        return SequenceGrade(
            usage_id=self.sequence.usage_id,
            display_name=self.sequence.display_name,
            format=self.sequence.format,
            earned=as_float(self.points.earned),
            possible=as_float(self.points.possible),
            share=as_float(self.share),
        )
