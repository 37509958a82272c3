"""The operator's report of an import: counts of results, and the rows that were not used."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import TextIO

from xblock_experiments.olx.sentences import shown
from xblock_experiments.platform.tags.data import Batch, Fate, Judged, Row

_EXAMPLES = 3
_COLUMNS = ("id", "user_id", "course_id", "key", "value", "reason")
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""The first characters of cells that a spreadsheet would evaluate as formulas."""


class Report:
    """Counts of results, a few examples, and a CSV line for each row that was not used."""

    def __init__(self) -> None:
        self._counts: Counter[Fate] = Counter()
        self._examples: dict[Fate, list[Row]] = defaultdict(list)
        self._file: TextIO | None = None

    def write_to(self, file: TextIO) -> None:
        """Write rows that are added from now on to the file."""
        self._file = file

    def add(self, batch: Batch) -> None:
        self._counts.update(fate for _, fate in batch.judged)
        unused = [(row, fate) for row, fate in batch.judged if not fate.is_done]
        for row, fate in unused:
            if len(self._examples[fate]) < _EXAMPLES:
                self._examples[fate].append(row)
        if self._file:
            _write(unused, self._file)

    def lines(self) -> Iterator[str]:
        for fate in Fate:
            count = self._counts[fate]
            if fate.is_done:
                yield f"{fate}: {count:,}"
            elif count:
                yield f"Rows not used: {count:,} ({fate}). Examples:"
                yield from (f"  {_sentence(row)}" for row in self._examples[fate])


def _write(unused: Iterable[Judged], file: TextIO) -> None:
    writer = csv.writer(file)
    if not file.tell():
        writer.writerow(_COLUMNS)
    for row, fate in unused:
        writer.writerow([row.id, *map(_inert, (*row.name, row.value, fate))])
    file.flush()


def _sentence(row: Row) -> str:
    return shown(f"row {row.id}: user {row.user_id}, {row.course_id}, {row.key} = {row.value}")


def _inert(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULAS) else text
