"""Scores, and the errors about them."""

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


class InvalidScoreId(InvalidScore, WrongId):
    """An id of a course, a user or a block that cannot be stored."""


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
