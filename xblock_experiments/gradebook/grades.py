"""Grades, computed from a learner's standings and scores.

A learner is graded on the blocks that they are given. If they were given others before, because
they were in another group, each sequence counts as the best of what it was for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as Several
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from xblock_experiments.gradebook.data import CourseGrade
from xblock_experiments.gradebook.graded import Graded
from xblock_experiments.gradebook.numbers import as_float, mean, shown_percent
from xblock_experiments.gradebook.points import Scores, total_of
from xblock_experiments.gradebook.policy import AssignmentType, GradingPolicy
from xblock_experiments.gradebook.standing import Standing
from xblock_experiments.gradebook.structure import Sequence


class Outcome(NamedTuple):
    """A grade, exactly, with the sequences that make it."""

    percent: Fraction
    sequences: Several[Graded]


def outcome(policy: GradingPolicy, standings: Several[Standing], scores: Scores) -> Outcome:
    """Return the grade, in which each sequence counts as the best of the standings.

    It is the highest of the grades that the standings give. Of equal ones, it is the first.
    """
    candidates = _with_best([standing.graded(scores) for standing in standings])
    outcomes = [Outcome(percent(policy, candidate), candidate) for candidate in candidates]
    return max(outcomes, key=lambda each: each.percent) if len(outcomes) > 1 else outcomes[0]


def percent(policy: GradingPolicy, graded: Several[Graded]) -> Fraction:
    """Return the grade from 0 to 1 by the policy."""
    if policy.types is None:
        return mean([each.share for each in graded])
    return sum((_part(type_, graded) for type_ in policy.types), Fraction(0))


def letter(policy: GradingPolicy, shown: int) -> str:
    """Return the letter of the grade as it is shown, in percent, or '' if it is in no range."""
    return next((letter for letter, least in policy.ranges if shown >= least * 100), "")


def course_grade(user_id: str, policy: GradingPolicy, found: Outcome) -> CourseGrade:
    total = total_of(each.points for each in found.sequences)
    shown = shown_percent(found.percent)
    return CourseGrade(
        user_id=user_id,
        percent=as_float(found.percent),
        letter=letter(policy, shown),
        earned=as_float(total.earned),
        possible=as_float(total.possible),
        sequences=tuple([each.grade for each in found.sequences]),
        shown_percent=shown,
    )


def _with_best(standings: list[list[Graded]]) -> list[list[Graded]]:
    """Return the standings' sequences, each with its best points. Of equal ones, the first."""
    if len(standings) == 1:
        return standings
    best: dict[str, Graded] = {}
    for each in (graded for standing in standings for graded in standing):
        before = best.get(each.sequence.usage_id)
        if before is None or each.share > before.share:
            best[each.sequence.usage_id] = each
    return [
        [_named_as(each.sequence, best[each.sequence.usage_id]) for each in standing]
        for standing in standings
    ]


def _named_as(sequence: Sequence, best: Graded) -> Graded:
    """Return the points for the sequence as the standing has it: its type may have changed."""
    return best if best.sequence is sequence else replace(best, sequence=sequence)


def _part(type_: AssignmentType, graded: Iterable[Graded]) -> Fraction:
    """Return the part of the grade that the sequences of this type make."""
    shares = [each.share for each in graded if each.sequence.format == type_.name]
    missing = max(type_.min_count - len(shares), 0)
    counted = sorted([*shares, *[Fraction(0)] * missing])[type_.drop_count :]
    return mean(counted) * type_.weight
