"""Scores and grades, and the errors about them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime

from xblock_experiments.errors import ExperimentsError, WrongId

_MOST = sys.float_info.max


class GradebookError(ExperimentsError):
    """The base class of errors that keep a call from completing. The call changed nothing."""


class InvalidScore(GradebookError, ValueError):
    """Raised for points or an id that cannot be stored."""


class NoStructure(GradebookError, LookupError):
    """Raised for grades of a course whose structure is not known."""


class NoSuchReport(GradebookError, LookupError):
    """Raised for a report or a format that does not exist."""


class InvalidScoreId(InvalidScore, WrongId):
    """An id of a course, a user or a block that cannot be stored."""


class TooManyWays(GradebookError, ValueError):
    """Raised for a block that stands in so many arms that nobody could be graded on it in time."""

    def __init__(self, usage_id: str, limit: int) -> None:
        super().__init__(f"The block {usage_id} stands in more than {limit} arms.")
        self.usage_id = usage_id
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Score:
    """One learner's score in one block, in the block's own points, without the block's weight."""

    usage_id: str
    earned: float
    possible: float
    recorded: datetime

    @property
    def fraction(self) -> float:
        """The fraction of the possible points, or 0 if none were possible. It can exceed 1."""
        return min(self.earned / self.possible, _MOST) if self.possible else 0.0


type RawPoints = tuple[float, float]
"""The points of a score, earned and possible. Plain tuples, because a report holds many of them."""


@dataclass(frozen=True, slots=True)
class RecordedScore:
    """One score of a learner's history in a block."""

    score: Score
    counted: bool
    """Indicates whether the score counted from then on.

    A lower score does not, if it was recorded with `only_if_higher`.
    """


@dataclass(frozen=True, slots=True)
class ScoreHistory:
    """All scores of one learner in one block."""

    calls: int
    """The number of calls of `record_score`, including those with a score equal to the last."""
    recorded: tuple[RecordedScore, ...]
    """The scores in the order in which they were recorded."""


@dataclass(frozen=True, slots=True)
class SequenceGrade:
    """One learner's weighted points in one graded sequence."""

    usage_id: str
    display_name: str
    format: str
    """The assignment type, or '' for none."""
    earned: float
    possible: float
    share: float = 0.0
    """The part of the possible points. It is rounded once, unlike the quotient of the points."""


@dataclass(frozen=True, slots=True)
class CourseGrade:
    """One learner's grade in a course."""

    user_id: str
    percent: float
    """The grade from 0 to 1, not rounded. It can exceed 1 if blocks give more than possible."""
    letter: str
    """The letter by the course's ranges, or '' if it has none or the grade is in none."""
    earned: float
    """The weighted points in all graded sequences."""
    possible: float
    sequences: tuple[SequenceGrade, ...]
    """The graded sequences that the learner is given, in course order."""
    shown_percent: int
    """The grade in percent as a page shows it, rounded as on Open edX."""


def as_points(value: object, which: str) -> float:
    """Return the points as float. Raises InvalidScore if they are not finite or negative."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        flaw = f"must be an int or a float, not {type(value).__name__}"
    elif value < 0:
        flaw = "are negative"
    elif not value <= _MOST:
        flaw = "are not a finite number that a double can hold"
    else:
        return float(value)
    msg = f"The points {which} {flaw}."
    raise InvalidScore(msg)
