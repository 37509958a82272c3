"""Files of a bundle as they are written, with the hash of each."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from xblock_experiments.research.columns import Row, Table
from xblock_experiments.research.manifest import (
    BLOCK,
    FileEntry,
    TableEntry,
    csv_file,
    row_hashes_file,
    table_entry,
)

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

    def close(self) -> None:
        self._file.close()

    @property
    def entry(self) -> FileEntry:
        return FileEntry(self._bytes, self._hash.hexdigest())


class TableFiles:
    """A table as CSV by RFC 4180, with the hashes of its rows, and in other forms."""

    def __init__(self, table: Table, folder: Path, others: Sequence[OtherForm] = ()) -> None:
        self.count = 0
        self._table = table
        self._folder = folder
        self._others = others
        self._cells = [column.cell for column in table.columns]
        self._rows = HashedFile(folder / csv_file(table.name))
        self._hashes = RowHashes(folder / row_hashes_file(table.name))
        self._rows.write(encoded(table.names) + END)

    def write(self, row: Row) -> None:
        line = encoded([cell(value) for cell, value in zip(self._cells, row, strict=True)])
        self._rows.write(line + END)
        self._hashes.add(line)
        for other in self._others:
            other.write(row)
        self.count += 1

    def close(self) -> None:
        """Close all files. Does nothing the second time."""
        self._rows.close()
        self._hashes.close()
        for other in self._others:
            other.close()

    def file_entries(self) -> dict[str, FileEntry]:
        """Return the entries of the closed files by name."""
        return {
            csv_file(self._table.name): self._rows.entry,
            row_hashes_file(self._table.name): self._hashes.entry,
            **{other.name: _entry_of(self._folder / other.name) for other in self._others},
        }

    @property
    def entry(self) -> TableEntry:
        """The table's entry in the manifest. It is complete after `close`."""
        return table_entry(self._table, self.count, self._hashes.blocks)


class RowHashes:
    """The file of a table's hashes, and a hash of each thousand of them."""

    def __init__(self, path: Path) -> None:
        self.blocks: list[str] = []
        self._file = HashedFile(path)
        self._block: list[bytes] = []

    def add(self, row: bytes) -> None:
        self._block.append(sha256(row).digest())
        if len(self._block) == BLOCK:
            self._end_block()

    def close(self) -> None:
        if self._block:
            self._end_block()
        self._file.close()

    @property
    def entry(self) -> FileEntry:
        return self._file.entry

    def _end_block(self) -> None:
        data = b"".join(self._block)
        self._file.write(data)
        self.blocks.append(sha256(data).hexdigest())
        self._block.clear()


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
    file.close()
    return file.entry


def _entry_of(path: Path) -> FileEntry:
    """Return the size and the hash of a file that another library wrote."""
    digest = sha256()
    with path.open("rb") as file:
        while data := file.read(1 << 20):
            digest.update(data)
    return FileEntry(path.stat().st_size, digest.hexdigest())
