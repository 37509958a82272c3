"""Weighted points, exactly: of one block, and of several together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from xblock_experiments.gradebook.data import RawPoints, Score
from xblock_experiments.gradebook.numbers import Exact, exact, share
from xblock_experiments.gradebook.structure import ScoredBlock

type Scores = Mapping[str, Score] | Mapping[str, RawPoints]
"""One learner's scores by usage id."""


class Points(NamedTuple):
    """Weighted points."""

    earned: Exact
    possible: Exact

    @property
    def share(self) -> Fraction:
        return share(self.earned, self.possible)


def points_in(block: ScoredBlock, scores: Scores) -> Points:
    """Return the learner's points in the block, with the author's weight."""
    score = scores.get(block.usage_id)
    if score is None:
        return _unscored(block.possible or 0, block.weight)
    return _scored(score.earned, score.possible, block.weight)


def total_of(found: Iterable[Points]) -> Points:
    earned: Exact = 0
    possible: Exact = 0
    for each in found:
        earned += each.earned
        possible += each.possible
    return Points(earned, possible)


# Most blocks have few possible points, and many learners earn the same.
@lru_cache(maxsize=10_000)
def _scored(earned: float, possible: float, weight: float | None) -> Points:
    if weight is None:
        return Points(exact(earned), exact(possible))
    if not possible:
        return Points(exact(earned), 0)
    return Points(exact(earned) * share(exact(weight), exact(possible)), exact(weight))


@lru_cache(maxsize=10_000)
def _unscored(possible: float, weight: float | None) -> Points:
    return Points(0, exact(possible if weight is None else weight))
