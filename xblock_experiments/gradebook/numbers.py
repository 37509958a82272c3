"""Exact numbers of points, and their rounding for display."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import floor

type Exact = int | Fraction
"""A number without rounding errors. Whole numbers are int, which is far quicker."""


@lru_cache(maxsize=10_000)
def exact(number: float) -> Exact:
    """Return the decimal number that people write for this double: 1/10 for 0.1."""
    whole = int(number)
    return whole if whole == number else Fraction(repr(number))


def share(earned: Exact, possible: Exact) -> Fraction:
    """Return the fraction of the possible points, or 0 if none were possible."""
    return Fraction(earned, possible) if possible else Fraction(0)


def shown_percent(part: Fraction) -> int:
    """Return the percentage as Open edX shows it: 5 hundredths more, and rounded half up."""
    return floor(part * 100 + Fraction(1, 20) + Fraction(1, 2))
