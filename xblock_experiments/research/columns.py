"""Columns of tables, and the kinds of values that they have in CSV and in the engines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from xblock_experiments.gradebook.tables import defused

type Row = Sequence[Any]
"""The values of a row, in the order of the table's columns. None is no value."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of values, with its name in the manifest and the types of the engines."""

    name: str
    duckdb: str
    clickhouse: str
    write: Callable[[Any], str]
    """A function that returns the cell of a value in CSV."""


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _text(value: str) -> str:
    r"""Return a text of one line that no spreadsheet computes. A line break becomes `\r` or `\n`.

    So each row of a table is one line of its file.
    """
    return defused(value.replace("\r", r"\r").replace("\n", r"\n"))


PSEUDONYM = Kind("pseudonym", "VARCHAR", "String", str)
INTEGER = Kind("integer", "BIGINT", "Int64", str)
NUMBER = Kind("number", "DOUBLE", "Float64", repr)
FLAG = Kind("flag", "BOOLEAN", "Bool", _flag)
MOMENT = Kind("moment", "TIMESTAMP", "DateTime64(6, 'UTC')", _moment)
TEXT = Kind("text", "VARCHAR", "String", _text)
JSON = Kind("json", "VARCHAR", "String", str)


@dataclass(frozen=True, slots=True)
class Column:
    """A column, with the description that the README and the reference have."""

    name: str
    kind: Kind
    help: str
    is_optional: bool = False

    def cell(self, value: Any) -> str:
        return "" if value is None else self.kind.write(value)


@dataclass(frozen=True, slots=True)
class Reference:
    """Columns whose values must occur in the columns of the same names of another table."""

    columns: tuple[str, ...]
    table: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table. The columns of the key are unique together."""

    name: str
    help: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    references: tuple[Reference, ...] = ()

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]
