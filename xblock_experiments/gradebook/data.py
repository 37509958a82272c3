"""Scores: what points may be, and what can be wrong with them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime

from xblock_experiments.errors import ExperimentsError

_MOST = sys.float_info.max


class GradebookError(ExperimentsError):
    """Something about a score keeps the call from being done; nothing was changed."""


class InvalidScore(GradebookError, ValueError):
    """Points, or an id, that cannot be stored."""


@dataclass(frozen=True, slots=True)
class Score:
    """What one learner has of one block, in the block's own points: its weight is not in them."""

    usage_id: str
    earned: float
    possible: float
    recorded: datetime

    @property
    def fraction(self) -> float:
        """How much of what was possible; 0 where nothing was. More than 1 is possible, too."""
        return min(self.earned / self.possible, _MOST) if self.possible else 0.0


def as_points(value: object, which: str) -> float:
    """Raises InvalidScore for what is not a finite number, or negative."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        flaw = f"must be an int or a float, not {type(value).__name__}"
    elif value < 0:
        flaw = "are negative"
    elif not value <= _MOST:
        flaw = "are no finite number that a double can hold"
    else:
        return float(value)
    msg = f"The points {which} {flaw}."
    raise InvalidScore(msg)
