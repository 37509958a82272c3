"""Whether an arm tells nothing: not of the user's id, nor of the user's arm elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import combinations
from typing import Any

import numpy
from growthbook.core import chooseVariation, gbhash, getBucketRanges
from scipy import stats

from benchmarks.courses import GROUPS, WEIGHTS, course_id, experiment
from benchmarks.results import Row, at_most
from benchmarks.scale import Scale
from xblock_experiments.experiments.assignment import choose_group, salt_of

LEVEL = 0.001
MOST_ASSOCIATION = 0.015
ARMS = len(WEIGHTS)


def rows(scale: Scale) -> list[Row]:
    """Ours beside each of GrowthBook's two hashes."""
    ours = _judge("ours", _choose, scale)
    theirs = {
        f"GrowthBook's hash {version}": _judge(
            f"GrowthBook's hash {version}", partial(_choose_as_growthbook, version), scale
        )
        for version in (1, 2)
    }
    return [
        Row(
            what=what,
            unit="number",
            ours=[ours[what]],
            whose=whose,
            theirs=[numbers[what]],
            goals=[at_most(goal, [ours[what]])] if (goal := _goal(what)) is not None else [],
        )
        for whose, numbers in theirs.items()
        for what in ours
    ]


def _goal(what: str) -> float | None:
    if what.startswith("largest"):
        return MOST_ASSOCIATION
    return 0 if "rejected" in what else None


def _judge(name: str, choose: Callable[[int, int], bytes], scale: Scale) -> dict[str, float]:
    sys.stderr.write(f"randomness: {name}\n")
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        numbers = range(1, scale.experiments + 1)
        chosen = list(pool.map(partial(choose, scale.users), numbers))
    arms = [numpy.frombuffer(arm, dtype=numpy.uint8) for arm in chosen]
    uniformity = [_uniformity(arm) for arm in arms]
    pairs = [_independence(*pair) for pair in combinations(arms, 2)]
    independence = [p for p, _ in pairs]
    return {
        f"{len(arms)} experiments, shares rejected": _rejected(uniformity),
        f"{len(arms)} experiments, smallest p of shares": min(uniformity),
        f"{len(pairs):,} pairs, independence rejected": _rejected(independence),
        f"{len(pairs):,} pairs, smallest p of independence": min(independence),
        f"largest Cramer's V of {len(pairs):,} pairs": max(v for _, v in pairs),
    }


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
    """The p of these shares of arms, were they drawn by weight."""
    expected = numpy.array(WEIGHTS) * len(arm) / sum(WEIGHTS)
    return float(stats.chisquare(numpy.bincount(arm, minlength=ARMS), expected).pvalue)


def _independence(one: Any, other: Any) -> tuple[float, float]:
    """The p of two experiments' arms meeting so often, were they independent; and Cramer's V."""
    table = numpy.bincount(one * ARMS + other, minlength=ARMS * ARMS).reshape(ARMS, ARMS)
    found = stats.chi2_contingency(table, correction=False)
    return float(found.pvalue), float((found.statistic / len(one) / (ARMS - 1)) ** 0.5)


def _rejected(values: Sequence[float]) -> float:
    """How many at LEVEL, by Holm's correction."""
    for number, p in enumerate(sorted(values)):
        if p * (len(values) - number) > LEVEL:
            return number
    return len(values)
