"""Tables of any length, and their forms as CSV and as lines of JSON."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TextIO

type Cell = str | int | float | None
"""A cell of a table. None is empty in CSV, and null in JSON."""

BOM = "\ufeff"
"""The mark by which spreadsheets recognise UTF-8."""

_FORMULA_STARTS = frozenset("=+-@\t\r＝＋－＠")  # noqa: RUF001 - full width


@dataclass(frozen=True, slots=True)
class Column:
    """A column, with an explanation for readers of the documentation."""

    name: str
    help: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose rows are computed as they are read."""

    columns: tuple[Column, ...]
    rows: Iterable[tuple[Cell, ...]]

    @property
    def names(self) -> list[str]:
        """The names of the columns. Equal ones are numbered: "Quiz", "Quiz (2)"."""
        seen: Counter[str] = Counter()
        return [_numbered(column.name, seen) for column in self.columns]


def watched(table: Table, on_row: Callable[[], object]) -> Table:
    """Return the table, which calls the function before each row that is read."""

    def rows() -> Iterator[tuple[Cell, ...]]:
        for row in table.rows:
            on_row()
            yield row

    return replace(table, rows=rows())


def write_csv(table: Table, out: TextIO) -> int:
    """Write the table as CSV by RFC 4180, and return the number of rows.

    A text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    writer = csv.writer(out)
    writer.writerow(map(defused, table.names))
    count = 0
    for row in table.rows:
        writer.writerow([defused(cell) for cell in row])
        count += 1
    return count


def write_json_lines(table: Table, out: TextIO) -> int:
    """Write each row as a JSON object on a line of its own, and return the number of rows."""
    names = table.names
    count = 0
    for row in table.rows:
        out.write(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n")
        count += 1
    return count


FORMATS: Mapping[str, Callable[[Table, TextIO], int]] = {
    "csv": write_csv,
    "json": write_json_lines,
}


def _numbered(name: str, seen: Counter[str]) -> str:
    numbered = name
    while numbered in seen:
        seen[name] += 1
        numbered = f"{name} ({seen[name]})"
    seen[numbered] += 1
    return numbered


def defused[C: Cell](cell: C) -> C | str:
    """Return the cell, with an apostrophe before a text that a spreadsheet would compute."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in _FORMULA_STARTS else cell
