"""Files of a bundle as they are written, with the hash of each."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from xblock_experiments.research.manifest import FileEntry, TableEntry, table_entry
from xblock_experiments.research.tables import Row, Table

END = b"\r\n"
"""The end of a line in CSV. The hash of a row is that of its bytes without it."""


class OtherForm(Protocol):
    """A second form of a table, which another library writes."""

    name: str
    """The name of the file in the bundle."""

    def write(self, row: Row) -> None: ...

    def close(self) -> None: ...


class HashedFile:
    """A new file and the hash of what was written to it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("xb")
        self._hash = sha256()
        self._bytes = 0

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self._bytes += len(data)

    def close(self) -> FileEntry:
        self._file.close()
        return FileEntry(self._bytes, self._hash.hexdigest())


class TableFiles:
    """A table as CSV by RFC 4180, with the hashes of its rows, and in other forms."""

    def __init__(self, table: Table, folder: Path, others: Sequence[OtherForm] = ()) -> None:
        self.count = 0
        self._table = table
        self._folder = folder
        self._others = others
        self._cells = [column.cell for column in table.columns]
        self._rows = HashedFile(folder / self.entry.file)
        self._hashes = HashedFile(folder / self.entry.row_hashes)
        self._rows.write(encoded(table.names) + END)

    @property
    def entry(self) -> TableEntry:
        return table_entry(self._table, self.count)

    def write(self, row: Row) -> None:
        line = encoded([cell(value) for cell, value in zip(self._cells, row, strict=True)])
        self._rows.write(line + END)
        self._hashes.write(sha256(line).digest())
        for other in self._others:
            other.write(row)
        self.count += 1

    def close(self) -> dict[str, FileEntry]:
        """Return the entries of all files by name."""
        for other in self._others:
            other.close()
        return {
            self.entry.file: self._rows.close(),
            self.entry.row_hashes: self._hashes.close(),
            **{other.name: _entry_of(self._folder / other.name) for other in self._others},
        }


def encoded(cells: Iterable[str]) -> bytes:
    """Return the bytes of a row without the end of the line."""
    line: Any = _writerow(cells)
    return str(line).encode("utf-8", "backslashreplace").removesuffix(END)


class _Line:
    """A file for csv.writer that hands each line back, so that `writerow` returns it."""

    def write(self, line: str) -> Any:
        return line


_writerow = csv.writer(_Line()).writerow


def write_file(folder: Path, name: str, data: bytes) -> FileEntry:
    file = HashedFile(folder / name)
    file.write(data)
    return file.close()


def _entry_of(path: Path) -> FileEntry:
    """Return the size and the hash of a file that another library wrote."""
    digest = sha256()
    with path.open("rb") as file:
        while data := file.read(1 << 20):
            digest.update(data)
    return FileEntry(path.stat().st_size, digest.hexdigest())
