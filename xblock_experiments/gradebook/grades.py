"""Grades, computed from a course's structure and one learner's groups and scores.

A learner is graded on the blocks that they are given. If they were given others before, because
they were in another group, each sequence counts as the best of what it was for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Sequence as Several
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from xblock_experiments.gradebook.data import CourseGrade, RawPoints, Score, SequenceGrade
from xblock_experiments.gradebook.numbers import Exact, as_float, exact, mean, share, shown_percent
from xblock_experiments.gradebook.policy import AssignmentType, GradingPolicy
from xblock_experiments.gradebook.structure import (
    Arm,
    CourseStructure,
    ScoredBlock,
    Sequence,
    Standpoint,
    Way,
    Ways,
    is_met,
)

type Scores = Mapping[str, Score] | Mapping[str, RawPoints]
"""One learner's scores by usage id."""


class Points(NamedTuple):
    """Weighted points."""

    earned: Exact
    possible: Exact

    @property
    def share(self) -> Fraction:
        return share(self.earned, self.possible)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The facts about what a learner is given now, or was given until they left a group."""

    learner: Standpoint
    today: CourseStructure
    left: Mapping[int, tuple[datetime, CourseStructure]] = field(default_factory=dict)
    """The segmentations whose group they have left since, by id: when they left it, and the
    course's structure at that time.
    """

    def graded(self, scores: Scores) -> list[Graded]:
        """Return the sequences with today's common blocks, and the arms as they were left."""
        if not self.left:
            return _graded_today(self.today, self.learner, scores)
        return _graded_then(self, scores)

    def versions(self) -> Iterator[CourseStructure]:
        """Yield today's structure, then each of the earlier ones once."""
        seen: set[int] = set()
        for version in (self.today, *(structure for _, structure in self.left.values())):
            if id(version) not in seen:
                seen.add(id(version))
                yield version

    def is_given_in(self, version: CourseStructure, ways: Ways) -> bool:
        """Return whether something is given, and whether this structure says what it was."""
        return any(self._version_of(way) is version for way in ways if is_met(way, self.learner))

    def _version_of(self, way: Way) -> CourseStructure:
        """Return today's structure, or the one from when the learner left the first of the arms."""
        ids = {each.segmentation_id for each in way if isinstance(each, Arm)}
        left = [self.left[id] for id in ids if id in self.left]
        return min(left, key=lambda pair: pair[0])[1] if left else self.today


class Graded(NamedTuple):
    """One sequence, with the points that count for the learner."""

    sequence: Sequence
    points: Points


def grade(
    user_id: str, policy: GradingPolicy, standings: Several[Standing], scores: Scores
) -> CourseGrade:
    """Return the grade of one learner, in which each sequence counts as the best of its standings.

    Of equal grades, it is the first standing's.
    """
    found = [standing.graded(scores) for standing in standings]
    best = _best(found)
    candidates = [_with_best(graded, best) for graded in found]
    percents = [percent(policy, candidate) for candidate in candidates]
    highest = max(percents)
    return _course_grade(user_id, policy, highest, candidates[percents.index(highest)])


def percent(policy: GradingPolicy, graded: Several[Graded]) -> Fraction:
    """Return the grade from 0 to 1 by the policy."""
    if policy.types is None:
        return mean([each.points.share for each in graded])
    return sum((_part(type_, graded) for type_ in policy.types), Fraction(0))


def letter(policy: GradingPolicy, part: Fraction) -> str:
    """Return the letter of the grade as it is shown, or '' if it is in no range."""
    shown = Fraction(shown_percent(part), 100)
    return next((letter for letter, least in policy.ranges if shown >= least), "")


def points(block: ScoredBlock, score: Score | RawPoints | None) -> Points:
    """Return the block's points, with the author's weight."""
    possible = exact(score.possible if score else block.possible or 0)
    earned = exact(score.earned) if score else 0
    if block.weight is None:
        return Points(earned, possible)
    weight = exact(block.weight)
    if score is None:
        return Points(0, weight)
    return Points(earned * share(weight, possible), weight) if possible else Points(earned, 0)


def _graded_today(structure: CourseStructure, learner: Standpoint, scores: Scores) -> list[Graded]:
    return [
        Graded(sequence, total_of(points(block, scores.get(block.usage_id)) for block in counted))
        for sequence, given in structure.given(learner)
        if sequence.counts
        for counted in [[block for block in given if block.graded]]
    ]


def _graded_then(standing: Standing, scores: Scores) -> list[Graded]:
    sequences: dict[str, Sequence] = {}
    found: dict[str, dict[str, Points]] = {}
    for version in standing.versions():
        for sequence in version.sequences:
            if sequence.graded and standing.is_given_in(version, sequence.ways):
                sequences.setdefault(sequence.usage_id, sequence)
            found.setdefault(sequence.usage_id, {}).update(
                (block.usage_id, points(block, scores.get(block.usage_id)))
                for block in sequence.blocks
                if block.graded and standing.is_given_in(version, block.ways)
            )
    return [
        Graded(sequence, total_of(found[usage_id].values()))
        for usage_id, sequence in sequences.items()
        # The arm that was left may have had the only blocks that count.
        if sequence.counts or found[usage_id]
    ]


def _best(standings: Iterable[Iterable[Graded]]) -> dict[str, Points]:
    """Return the best points of each sequence by usage id. Of equal ones, the first."""
    best: dict[str, Points] = {}
    for sequence, found in (graded for standing in standings for graded in standing):
        before = best.get(sequence.usage_id)
        if before is None or found.share > before.share:
            best[sequence.usage_id] = found
    return best


def _with_best(standing: Iterable[Graded], best: Mapping[str, Points]) -> list[Graded]:
    return [Graded(sequence, best[sequence.usage_id]) for sequence, _ in standing]


def _part(type_: AssignmentType, graded: Iterable[Graded]) -> Fraction:
    """Return the part of the grade that the sequences of this type make."""
    shares = [each.points.share for each in graded if each.sequence.format == type_.name]
    missing = max(type_.min_count - len(shares), 0)
    counted = sorted([*shares, *[Fraction(0)] * missing])[type_.drop_count :]
    return mean(counted) * type_.weight


def total_of(found: Iterable[Points]) -> Points:
    earned: Exact = 0
    possible: Exact = 0
    for each in found:
        earned += each.earned
        possible += each.possible
    return Points(earned, possible)


def _course_grade(
    user_id: str, policy: GradingPolicy, part: Fraction, graded: Several[Graded]
) -> CourseGrade:
    total = total_of(each.points for each in graded)
    return CourseGrade(
        user_id=user_id,
        percent=as_float(part),
        letter=letter(policy, part),
        earned=as_float(total.earned),
        possible=as_float(total.possible),
        sequences=tuple(
            SequenceGrade(
                usage_id=sequence.usage_id,
                display_name=sequence.display_name,
                format=sequence.format,
                earned=as_float(found.earned),
                possible=as_float(found.possible),
            )
            for sequence, found in graded
        ),
        shown_percent=shown_percent(part),
    )
