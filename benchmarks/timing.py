"""Measurement in turns, so that disturbances by other processes affect all contenders alike."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from tqdm import tqdm


@dataclass(frozen=True, slots=True)
class Contender:
    """A way to do the work."""

    name: str
    prepare: Callable[[int], Sequence[Any]]
    """Returns the things of a repetition, one for each operation. Not timed."""
    operate: Callable[[Any], object]
    """The timed operation on one thing."""


def race(
    title: str, contenders: Sequence[Contender], repetitions: int, *, warm_up: bool = True
) -> dict[str, list[float]]:
    """Return the seconds per operation of each contender, one number for each repetition.

    The contenders start in turn. A first repetition for warming up is not counted.
    """
    seconds: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    turns = range(0 if warm_up else 1, repetitions + 1)
    with _progress(title, len(turns) * len(contenders)) as bar:
        for repetition in turns:
            start = repetition % len(contenders)
            for contender in (*contenders[start:], *contenders[:start]):
                elapsed = _time(contender, repetition)
                if repetition:
                    seconds[contender.name].append(elapsed)
                bar.update()
    return seconds


def _time(contender: Contender, repetition: int) -> float:
    things = contender.prepare(repetition)
    operate = contender.operate
    gc.collect()
    start = perf_counter()
    for thing in things:
        operate(thing)
    return (perf_counter() - start) / len(things)


def _progress(title: str, total: int) -> Any:
    if not sys.stderr.isatty():
        sys.stderr.write(f"{title}\n")
    return tqdm(desc=title, total=total, disable=None, leave=False)
