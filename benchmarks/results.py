"""Results of measurements, in the form in which processes exchange them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Literal, Self

type Unit = Literal["1000/s", "µs", "ms", "s", "queries", "count", "kB", "MiB", "p", "V"]
"""A unit. Numbers in the first four are seconds per operation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A goal, and whether it was reached."""

    text: str
    is_met: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the table. Each list has one number per repetition, in the same order."""

    what: str
    unit: Unit
    ours: list[float]
    theirs: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The rows of one process."""

    database: str
    """The database, or an empty string if none was used."""
    conditions: list[str]
    rows: list[Row]
    is_quick: bool

    def save(self, file: Path) -> None:
        file.write_text(json.dumps(dataclasses.asdict(self)))

    @classmethod
    def load(cls, file: Path) -> Self:
        value: dict[str, Any] = json.loads(file.read_text())
        rows = [
            Row(**{**row, "goals": [Goal(**goal) for goal in row["goals"]]})
            for row in value.pop("rows")
        ]
        return cls(rows=rows, **value)


def ratios(numbers: Sequence[float], others: Sequence[float]) -> list[float]:
    """Return the ratio of each repetition, because a disturbance affects both numbers alike."""
    return [number / other for number, other in zip(numbers, others, strict=True)]


def times_faster(times: float, ours: Sequence[float], theirs: Sequence[float]) -> Goal:
    return Goal(text=f">= {times:g}x theirs", is_met=median(ratios(theirs, ours)) >= times)


def times_the_floor(times: float, ours: Sequence[float], floor: Sequence[float]) -> Goal:
    return Goal(text=f"<= {times:g}x floor", is_met=median(ratios(ours, floor)) <= times)


def more_than_the_floor(seconds: float, ours: Sequence[float], floor: Sequence[float]) -> Goal:
    more = median(number - other for number, other in zip(ours, floor, strict=True))
    return Goal(text=f"<= floor + {seconds * 1e6:g}", is_met=more <= seconds)


def at_most(number: float, ours: Sequence[float]) -> Goal:
    return Goal(text=f"<= {number:g}", is_met=max(ours) <= number)
