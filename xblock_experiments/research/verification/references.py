"""References between tables: the values that one table has and another names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from xblock_experiments.research.verification.altered_rows import line_of
from xblock_experiments.research.verification.findings import Findings


class Values:
    """The values of some columns of a table, as cells."""

    def __init__(self, places: Sequence[int]) -> None:
        self.cells = max(places) + 1
        self.found: set[Any] = set()
        self._get = itemgetter(*places)

    def check(self, _: int, rows: Sequence[Sequence[bytes]]) -> None:
        self.found.update(map(self._get, rows))


class ReferenceCheck:
    """The check that values of some columns are among those of another table."""

    def __init__(
        self, file: str, places: Sequence[int], table: str, known: Values, findings: Findings
    ) -> None:
        self.cells = max(places) + 1
        self._file = file
        self._table = table
        self._known = known.found
        self._findings = findings
        self._get = itemgetter(*places)

    def check(self, first: int, rows: Sequence[Sequence[bytes]]) -> None:
        if self._known.issuperset(map(self._get, rows)):
            return
        for row, value in enumerate(map(self._get, rows), first):
            if value not in self._known:
                self._findings.add(
                    self._file, f"{_shown(value)} is not in {self._table}", line_of(row)
                )


def _shown(value: bytes | Iterable[bytes]) -> str:
    cells = [value] if isinstance(value, bytes) else value
    return ", ".join(repr(cell.decode(errors="replace")) for cell in cells)
