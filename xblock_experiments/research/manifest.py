"""The manifest: what a bundle consists of, with the SHA-256 of each file.

Its own hash stands for the whole bundle. Each table has a file of hashes, 32 bytes for each row, by
which an altered row is found. Whoever alters a row can alter its hash too, so the manifest has a
hash of each thousand of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from xblock_experiments.research.columns import Table
from xblock_experiments.research.tables import TABLES

NAME = "manifest.json"
FORMAT = 1
BLOCK = 1_000
"""The number of rows whose hashes have one hash in the manifest."""
DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class FileEntry:
    """The size and the hash of a file."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class TableEntry:
    """A table: its file, the file of its rows' hashes, and its columns."""

    file: str
    row_hashes: str
    rows: int
    blocks: tuple[str, ...]
    """The SHA-256 of each thousand of the rows' hashes."""
    columns: tuple[str, ...]
    references: tuple[tuple[tuple[str, ...], str], ...]
    """The columns that refer, and the table with columns of the same names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All files and tables of a bundle."""

    course_id: str
    created: str
    tool: str
    files: Mapping[str, FileEntry]
    tables: Mapping[str, TableEntry]

    def to_text(self) -> str:
        document = {
            "format": FORMAT,
            "tool": self.tool,
            "course_id": self.course_id,
            "created": self.created,
            "tables": {name: _table_json(name, each) for name, each in self.tables.items()},
            "files": {name: asdict(each) for name, each in sorted(self.files.items())},
        }
        return json.dumps(document, indent=1) + "\n"

    @classmethod
    def from_text(cls, text: bytes) -> Self:
        """Read a manifest. Raises ValueError if it is none of this format."""
        try:
            found = json.loads(text)
            if found["format"] != FORMAT:
                msg = f"its format is {found['format']!r}, not {FORMAT}"
                raise ValueError(msg)
            manifest = cls(
                course_id=_checked(found["course_id"], str),
                created=_checked(found["created"], str),
                tool=_checked(found["tool"], str),
                files={name: _file(each) for name, each in found["files"].items()},
                tables={name: _table(each) for name, each in found["tables"].items()},
            )
            for table in manifest.tables.values():
                manifest.check(table)
            return manifest
        except (AttributeError, KeyError, RecursionError, TypeError) as error:
            msg = f"it is no manifest: {type(error).__name__} {error}"
            raise ValueError(msg) from error

    def check(self, table: TableEntry) -> None:
        """Raise KeyError or ValueError if a file, table or column is missing that it names."""
        _ = self.files[table.file], self.files[table.row_hashes]
        for columns, other in table.references:
            if not columns:
                msg = f"a reference to {other!r} has no columns"
                raise ValueError(msg)
            for column in columns:
                table.columns.index(column)
                self.tables[other].columns.index(column)


def table_entry(table: Table, rows: int, blocks: Iterable[str]) -> TableEntry:
    return TableEntry(
        file=csv_file(table.name),
        row_hashes=row_hashes_file(table.name),
        rows=rows,
        blocks=tuple(blocks),
        columns=tuple(table.names),
        references=tuple((each.columns, each.table) for each in table.references),
    )


def csv_file(table: str) -> str:
    return f"csv/{table}.csv"


def row_hashes_file(table: str) -> str:
    return f"rows/{table}.sha256"


def _table_json(name: str, entry: TableEntry) -> dict[str, Any]:
    table = next(each for each in TABLES if each.name == name)
    return {
        "file": entry.file,
        "row_hashes": entry.row_hashes,
        "rows": entry.rows,
        "blocks": list(entry.blocks),
        "columns": [
            {"name": column.name, "type": column.kind.name, "optional": column.is_optional}
            for column in table.columns
        ],
        "key": list(table.key),
        "references": [
            {"columns": list(columns), "table": other} for columns, other in entry.references
        ],
    }


def _file(found: Any) -> FileEntry:
    return FileEntry(_count(found["bytes"]), _checked(found["sha256"], str))


def _table(found: Any) -> TableEntry:
    return TableEntry(
        file=_checked(found["file"], str),
        row_hashes=_checked(found["row_hashes"], str),
        rows=_count(found["rows"]),
        blocks=_texts(found["blocks"]),
        columns=_texts(column["name"] for column in found["columns"]),
        references=tuple(
            (_texts(each["columns"]), _checked(each["table"], str)) for each in found["references"]
        ),
    )


def _count(value: Any) -> int:
    count = _checked(value, int)
    if count < 0:
        msg = f"{count} is no number of bytes or rows"
        raise ValueError(msg)
    return count


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(_checked(each, str) for each in values)


def _checked[T](value: Any, kind: type[T]) -> T:
    if not isinstance(value, kind):
        msg = f"{value!r} is not of type {kind.__name__}"
        raise TypeError(msg)
    return value
