"""Exact numbers of points, and their rounding for display."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import floor, lcm

type Exact = int | Fraction
"""A number without rounding errors. Whole numbers are int, which is far quicker."""


@lru_cache(maxsize=10_000)
def exact(number: float) -> Exact:
    """Return the decimal number that people write for this double: 1/10 for 0.1."""
    whole = int(number)
    return whole if whole == number else Fraction(repr(number))


@lru_cache(maxsize=10_000)
def share(earned: Exact, possible: Exact) -> Fraction:
    """Return the fraction of the possible points, or 0 if none were possible."""
    return Fraction(earned, possible) if possible else Fraction(0)


def mean(numbers: Sequence[Fraction]) -> Fraction:
    """Return the mean, or 0 of no numbers.

    Adds whole numbers over a common denominator, because adding fractions takes much longer.
    """
    numerators: Counter[int] = Counter()
    for number in numbers:
        numerators[number.denominator] += number.numerator
    common = lcm(*numerators)
    total = sum(each * (common // of) for of, each in numerators.items())
    return Fraction(total, common * len(numbers)) if numbers else Fraction(0)


def as_float(number: Exact) -> float:
    """Return the nearest double, or the largest one for a number that exceeds all of them."""
    try:
        return float(number)
    except OverflowError:
        return sys.float_info.max


def shown_points(number: float) -> Fraction:
    """Return the points as a page shows them: with two decimals, rounded half up."""
    return Fraction(floor(exact(number) * 100 + Fraction(1, 2)), 100)


def shown_percent(part: Fraction) -> int:
    """Return the percentage as Open edX shows it: 5 hundredths more, and rounded half up."""
    # In whole numbers: the floor of 100 * part + 5/100 + 1/2.
    return (2_000 * part.numerator + 11 * part.denominator) // (20 * part.denominator)
