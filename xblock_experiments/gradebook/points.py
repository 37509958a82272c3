"""Weighted points, exactly: of one block, and of several together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from xblock_experiments.gradebook.data import RawPoints
from xblock_experiments.gradebook.numbers import Exact, exact, share
from xblock_experiments.gradebook.structure import ScoredBlock

type Scores = Mapping[str, RawPoints]
"""One learner's points by usage id, without weights."""


class Points(NamedTuple):
    """Weighted points."""

    earned: Exact
    possible: Exact


def points_in(block: ScoredBlock, scores: Scores) -> Points:
    """Return the learner's points in the block, with the author's weight."""
    return points_of(block, scores.get(block.usage_id))


def points_of(block: ScoredBlock, score: RawPoints | None) -> Points:
    """Return the points of this score, or of none, with the author's weight."""
    if score is None:
        return _unscored(block.possible or 0, block.weight)
    return _scored(*score, block.weight)


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
