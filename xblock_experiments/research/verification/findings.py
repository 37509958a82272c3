"""Findings of a check, and the report that they make."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

MOST = 1_000
"""The number of faults of one file that are kept. The others are counted."""


class Fault(NamedTuple):
    """A fault of a bundle."""

    file: str
    line: int | None
    """The line of the file, from 1, or None for a fault of the whole file."""
    what: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}, line {self.line}"
        return f"{place}: {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of a check."""

    faults: tuple[Fault, ...]
    more: int
    """The number of further faults."""
    rows: int
    """The number of rows in all tables."""
    derived: int
    """The number of assignments that were computed again."""
    recorded: int
    """The number of moves that no rule decides, such as those by staff."""
    uncertain: int
    """The number of assignments that differ, but whose version was not stored."""

    @property
    def is_sound(self) -> bool:
        return not self.faults


class Findings:
    """Faults and counts, as a check collects them."""

    def __init__(self) -> None:
        self.rows = self.derived = self.recorded = self.uncertain = 0
        self._faults: list[Fault] = []
        self._count: Counter[str] = Counter()

    def add(self, file: str, what: str, line: int | None = None) -> None:
        self._count[file] += 1
        if self._count[file] <= MOST:
            self._faults.append(Fault(file, line, what))

    def report(self) -> Report:
        order = sorted(self._faults, key=lambda fault: (fault.file, fault.line or 0))
        return Report(
            faults=tuple(order),
            more=self._count.total() - len(order),
            rows=self.rows,
            derived=self.derived,
            recorded=self.recorded,
            uncertain=self.uncertain,
        )
