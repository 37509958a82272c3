"""Tests of independence: of a user's arm from the user's id and from arms in other experiments."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

import numpy
from growthbook.core import chooseVariation, gbhash, getBucketRanges
from scipy import stats

from benchmarks.courses import GROUPS, WEIGHTS, course_id, experiment
from benchmarks.results import Row, Unit, at_most
from benchmarks.scale import Scale
from xblock_experiments.experiments.assignment import choose_group, salt_of

LEVEL = 0.001
MOST_ASSOCIATION = 0.015
ARMS = len(WEIGHTS)


@dataclass(frozen=True, slots=True)
class Finding:
    """A number about all experiments of one scheme."""

    what: str
    unit: Unit
    number: float
    most: float | None = None
    """The highest accepted number, or None if there is no limit."""


def rows(scale: Scale) -> list[Row]:
    """Return our numbers compared with each of GrowthBook's two hashes."""
    ours = _judge("ours", _choose, scale)
    return [row for version in (1, 2) for row in _rows_beside(version, ours, scale)]


def _rows_beside(version: int, ours: list[Finding], scale: Scale) -> list[Row]:
    whose = f"GrowthBook hash {version}"
    theirs = _judge(whose, partial(_choose_as_growthbook, version), scale)
    return [
        Row(
            what=f"{one.what}, against {whose}",
            unit=one.unit,
            ours=[one.number],
            theirs=[other.number],
            goals=[] if one.most is None else [at_most(one.most, [one.number])],
        )
        for one, other in zip(ours, theirs, strict=True)
    ]


def _judge(name: str, choose: Callable[[int, int], bytes], scale: Scale) -> list[Finding]:
    sys.stderr.write(f"randomness: {name}\n")
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        numbers = range(1, scale.experiments + 1)
        chosen = list(pool.map(partial(choose, scale.users), numbers))
    arms: list[Any] = [numpy.frombuffer(arm, dtype=numpy.uint8) for arm in chosen]
    shares = [_uniformity(arm) for arm in arms]
    pairs = [_independence(*pair) for pair in combinations(arms, 2)]
    independence = [p for p, _ in pairs]
    return [
        Finding(f"{len(arms)} experiments: shares rejected", "count", _rejected(shares), 0),
        Finding(f"{len(arms)} experiments: smallest p", "p", min(shares)),
        Finding(f"{len(pairs):,} pairs: rejected", "count", _rejected(independence), 0),
        Finding(f"{len(pairs):,} pairs: smallest p", "p", min(independence)),
        Finding(
            f"{len(pairs):,} pairs: largest V",
            "V",
            max(v for _, v in pairs),
            MOST_ASSOCIATION,
        ),
    ]


def _choose(users: int, number: int) -> bytes:
    salt = salt_of(course_id("randomness"), experiment(number))
    return bytes(choose_group(GROUPS, salt, str(user)).id for user in range(1, users + 1))


def _choose_as_growthbook(version: int, users: int, number: int) -> bytes:
    ranges = getBucketRanges(ARMS, 1, [weight / sum(WEIGHTS) for weight in WEIGHTS])
    return bytes(
        chooseVariation(gbhash(f"exp-{number}", str(user), version), ranges)
        for user in range(1, users + 1)
    )


def _uniformity(arm: Any) -> float:
    """Return the p-value of the shares of arms under a draw by weight."""
    expected = numpy.array(WEIGHTS) * len(arm) / sum(WEIGHTS)
    return float(stats.chisquare(numpy.bincount(arm, minlength=ARMS), expected).pvalue)


def _independence(one: Any, other: Any) -> tuple[float, float]:
    """Return the p-value of the arms of two experiments under independence, and Cramer's V."""
    table = numpy.bincount(one * ARMS + other, minlength=ARMS * ARMS).reshape(ARMS, ARMS)
    found = stats.chi2_contingency(table, correction=False)
    return float(found.pvalue), float((found.statistic / len(one) / (ARMS - 1)) ** 0.5)


def _rejected(values: Sequence[float]) -> float:
    """Return the number of values rejected at LEVEL with Holm's correction."""
    for number, p in enumerate(sorted(values)):
        if p * (len(values) - number) > LEVEL:
            return number
    return len(values)
