"""The blocks that learners are given, remembered for the learners who are in the same groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache

from xblock_experiments.gradebook.data import RawPoints
from xblock_experiments.gradebook.graded import Graded
from xblock_experiments.gradebook.points import Scores, points_of, total_of
from xblock_experiments.gradebook.structure import (
    NO_GROUPS,
    CourseStructure,
    GroupIds,
    ScoredBlock,
    Sequence,
    Standpoint,
    Start,
    Ways,
    is_given,
)

_REMEMBERED = 500
"""The most combinations of groups, and of scores, that are remembered for one sequence."""


@dataclass(frozen=True, slots=True, eq=False)
class GivenSequence:
    """A sequence that a learner is given, and the blocks that they are given in it."""

    sequence: Sequence
    blocks: tuple[ScoredBlock, ...]
    counted: tuple[ScoredBlock, ...]
    """The blocks that count for the grade."""
    counts: bool
    """Indicates whether the sequence counts for the grade."""
    total: Callable[..., Graded]
    """Makes the graded sequence of the scores in the blocks that count, and remembers it."""

    def graded(self, scores: Scores) -> Graded:
        """Return the sequence with the points in the blocks that count."""
        return self.total(self, *[scores.get(block.usage_id) for block in self.counted])


class GivenBlocks:
    """The blocks of a course's structure that learners are given at one time."""

    def __init__(self, structure: CourseStructure, now: datetime) -> None:
        self.now = now
        self.sequences = {each.usage_id: each for each in structure.sequences}
        self._remembered = [_Remembered(each, now) for each in structure.sequences]

    def to(self, groups: GroupIds) -> list[GivenSequence]:
        """Return the sequences that a learner in these groups is given."""
        return [found for each in self._remembered if (found := each.to(groups))]

    @cached_property
    def depending(self) -> Mapping[int, Collection[str]]:
        """The usage ids of the sequences that depend on each segmentation, by its id."""
        found: dict[int, list[str]] = defaultdict(list)
        for each in self._remembered:
            for id in each.ids:
                found[id].append(each.sequence.usage_id)
        return found


class _Remembered:
    """One sequence, which depends on a learner's groups in a few segmentations only."""

    def __init__(self, sequence: Sequence, now: datetime) -> None:
        self.sequence = sequence
        self._now = now
        self.ids = sorted({id for ways in _ways_in(sequence) for id in _segmentation_ids(ways)})
        self._given = lru_cache(_REMEMBERED)(self._find)
        self._total = lru_cache(_REMEMBERED)(_total)

    def to(self, groups: GroupIds) -> GivenSequence | None:
        return self._given(*map(groups.get, self.ids))

    def _find(self, *group_ids: frozenset[int] | None) -> GivenSequence | None:
        groups = {id: each or NO_GROUPS for id, each in zip(self.ids, group_ids, strict=True)}
        learner = Standpoint(groups, self._now)
        if not is_given(self.sequence.ways, learner):
            return None
        blocks = tuple(each for each in self.sequence.blocks if is_given(each.ways, learner))
        return GivenSequence(
            sequence=self.sequence,
            blocks=blocks,
            counted=tuple(block for block in blocks if block.graded),
            counts=self.sequence.counts,
            total=self._total,
        )


def _total(given: GivenSequence, *scores: RawPoints | None) -> Graded:
    points = total_of(map(points_of, given.counted, scores))
    return Graded(given.sequence, points, given.counted)


def _ways_in(sequence: Sequence) -> Iterator[Ways]:
    yield sequence.ways
    for block in sequence.blocks:
        yield block.ways


def _segmentation_ids(ways: Ways) -> Iterator[int]:
    for way in ways:
        for requirement in way:
            if not isinstance(requirement, Start):
                yield requirement.segmentation_id
