"""The reader of the platform's rows from a CSV file of its table."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TextIO

from xblock_experiments.olx.untrusted import is_file
from xblock_experiments.platform.tags.data import Fate, Row, Source, UnreadableSource

_COLUMNS = ("user_id", "course_id", "key", "value")
_LONGEST_CELL = 2**24
"""The maximum of characters. A longer cell means that a quote is not closed."""
_READ_CHARACTERS = 2**16
"""The number of characters read of a cell, which exceeds all valid cells."""

type _Line = tuple[int, list[str]]
"""The number of the file's line in which a row ends, and the row's cells."""


@contextmanager
def opened_file(path: Path, *, after: int) -> Iterator[Source]:
    """Open the file. For a pipe, whose length is unknown, the total is None."""
    limit = csv.field_size_limit(_LONGEST_CELL)
    try:
        total = _count_lines(path) - after if is_file(path) else None
        with _open(path) as file:
            lines = _lines(file, path)
            columns = _columns(next(lines, (0, []))[1])
            yield Source(total, _rows(lines, columns, after))
    finally:
        csv.field_size_limit(limit)


def _open(path: Path) -> TextIO:
    try:
        # Invalid UTF-8 becomes surrogate halves, which the later checks detect.
        return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror or error}."
        raise UnreadableSource(msg) from error


def _count_lines(path: Path) -> int:
    try:
        with path.open("rb") as file:
            return sum(part.count(b"\n") for part in iter(partial(file.read, 2**20), b""))
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror or error}."
        raise UnreadableSource(msg) from error


def _lines(file: TextIO, path: Path) -> Iterator[_Line]:
    reader = csv.reader(file, strict=True)
    first = 1
    try:
        for cells in reader:
            yield reader.line_num, cells
            first = reader.line_num + 1
    except csv.Error as error:
        msg = f"{path} cannot be read from line {first} on: {error}. Is a quote there not closed?"
        raise UnreadableSource(msg) from error
    except OSError as error:
        msg = f"{path} cannot be read from line {first} on: {error.strerror or error}."
        raise UnreadableSource(msg) from error


def _columns(header: list[str]) -> list[int]:
    missing = [name for name in _COLUMNS if name not in header]
    if missing:
        msg = f"The file's first line must name its columns; it does not name {', '.join(missing)}."
        raise UnreadableSource(msg)
    return [header.index(name) for name in _COLUMNS]


def _rows(lines: Iterator[_Line], columns: list[int], after: int) -> Iterator[Row]:
    for number, cells in lines:
        if number > after and cells:
            texts = [
                cells[column][:_READ_CHARACTERS] if column < len(cells) else ""
                for column in columns
            ]
            flaw = None if len(cells) > max(columns) else Fate.TOO_FEW_CELLS
            yield Row(number, *texts, flaw=flaw)
