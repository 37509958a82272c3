"""The check of one table: its header, its rows and their hashes, and what reads its cells."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Protocol

from xblock_experiments.research.manifest import BLOCK, DIGEST_BYTES, Manifest, TableEntry
from xblock_experiments.research.verification.altered_rows import differences, line_of
from xblock_experiments.research.verification.findings import Findings
from xblock_experiments.research.verification.lines import MeasuredFile, header_and_rows
from xblock_experiments.research.verification.sources import CHUNK, Source, chunks

_MOST_OF_HASHES = 4 << 30


class CellCheck(Protocol):
    """A check of the first cells of rows."""

    cells: int
    """The number of cells that it reads. No text is before them, so none of them has a comma."""

    def check(self, first: int, rows: Sequence[Sequence[bytes]]) -> None:
        """Check some rows. `first` is the number of the first, from 0."""


class TableCheck:
    """The check of a table's file against the file of its rows' hashes."""

    def __init__(
        self, source: Source, manifest: Manifest, table: TableEntry, findings: Findings
    ) -> None:
        self._source = source
        self._table = table
        self._findings = findings
        self._files = manifest.files

    def run(self, checks: Sequence[CellCheck]) -> MeasuredFile:
        """Check the table, and return its file after it was read. Raises Unreadable."""
        file = self._measured()
        hashes = self._hashes()
        self._check_blocks(hashes)
        header, found_rows = header_and_rows(file)
        if header != ",".join(self._table.columns).encode():
            self._add("the names of the columns were altered", 1)
        row = 0
        are_equal = True
        for rows in found_rows:
            found = b"".join([sha256(each).digest() for each in rows])
            at = row * DIGEST_BYTES
            are_equal = are_equal and found == hashes[at : at + len(found)]
            self._check_cells(row, rows, checks)
            row += len(rows)
        self._findings.rows += row
        if row != self._table.rows:
            self._add(f"it has {row} rows, but {self._table.rows} were exported")
        if not are_equal or row * DIGEST_BYTES != len(hashes):
            self._point_at_rows(hashes)
        return file

    def _check_blocks(self, hashes: bytes) -> None:
        """Name the rows whose hashes were altered, because these rows prove nothing."""
        size = BLOCK * DIGEST_BYTES
        for number, expected in enumerate(self._table.blocks):
            if sha256(hashes[number * size : (number + 1) * size]).hexdigest() != expected:
                first, last = number * BLOCK, min((number + 1) * BLOCK, self._table.rows) - 1
                self._add(
                    f"the hashes of the rows up to line {line_of(last)} were altered, so one of "
                    "these rows can have been altered with its hash",
                    line_of(first),
                )

    def _check_cells(self, first: int, rows: list[bytes], checks: Sequence[CellCheck]) -> None:
        if not checks or not rows:
            return
        most = max(check.cells for check in checks)
        cells = [row.split(b",", min(most, len(self._table.columns) - 1)) for row in rows]
        if min(map(len, cells)) < most:
            for row, each in enumerate(cells, first):
                if len(each) < most:
                    self._add("the row has too few cells", line_of(row))
            self._check_whole_rows(first, cells, checks, most)
            return
        for check in checks:
            check.check(first, cells)

    def _check_whole_rows(
        self, first: int, cells: list[list[bytes]], checks: Sequence[CellCheck], most: int
    ) -> None:
        for row, each in enumerate(cells, first):
            if len(each) >= most:
                for check in checks:
                    check.check(row, [each])

    def _point_at_rows(self, hashes: bytes) -> None:
        expected = [hashes[at : at + DIGEST_BYTES] for at in range(0, len(hashes), DIGEST_BYTES)]
        _, found_rows = header_and_rows(self._measured())
        found = [sha256(each).digest() for rows in found_rows for each in rows]
        for difference in differences(expected, found):
            self._add(difference.what, line_of(difference.row))

    def _measured(self) -> MeasuredFile:
        """Return the table's file. A little more than its size is read, to point at added rows."""
        name = self._table.file
        return MeasuredFile(self._source, name, self._files[name].bytes + CHUNK)

    def _hashes(self) -> bytes:
        most = min(self._table.rows * DIGEST_BYTES, _MOST_OF_HASHES)
        return b"".join(chunks(self._source, self._table.row_hashes, most))

    def _add(self, what: str, line: int | None = None) -> None:
        self._findings.add(self._table.file, what, line)
