"""Pieces of SQL for statements that Django's ORM cannot write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper


def placeholders(values: Sized) -> str:
    """Return one placeholder for each value, in parentheses."""
    return f"({', '.join(['%s'] * len(values))})"


@dataclass(frozen=True, slots=True)
class Question:
    """A condition that a statement returns together with what it wrote."""

    sql: str
    parameters: Sequence[Any]


NO_QUESTION = Question("NULL", ())
"""A question whose answer is no."""


@dataclass(frozen=True, slots=True)
class Upsert:
    """An INSERT that changes the row with its unique key, if a condition holds for that row.

    Django's `bulk_create(update_conflicts=True)` accepts no condition.
    """

    table: str
    key: Sequence[str]
    connection: BaseDatabaseWrapper

    def old(self, column: str) -> str:
        """Return the expression for the column's present value."""
        return self._quoted(column) if self._is_mysql else f"{self.table}.{self._quoted(column)}"

    def new(self, column: str) -> str:
        """Return the expression for the value that the INSERT has for the column."""
        name = self._quoted(column)
        return f"VALUES({name})" if self._is_mysql else f"excluded.{name}"

    def statement(
        self,
        columns: Sequence[str],
        changes: Mapping[str, str],
        condition: str,
        *,
        rows: str | None = None,
    ) -> str:
        """Return the statement that inserts all columns, or else makes the changes.

        It inserts one row of parameters, or the rows of the query `rows`, which must have a WHERE.
        `changes` has an expression for each column. MySQL and MariaDB have no condition for the
        row, so it is tested for each column, after the changes of the previous columns took
        effect. A column in the condition must therefore come last.
        """
        return f"""
            INSERT INTO {self.table} ({", ".join(map(self._quoted, columns))})
            {rows or f"VALUES {placeholders(columns)}"}
            {self._on_conflict(changes, condition)}
        """

    def _on_conflict(self, changes: Mapping[str, str], condition: str) -> str:
        if self._is_mysql:
            assignments = [
                f"{self._quoted(name)} = IF({condition}, {value}, {self._quoted(name)})"
                for name, value in changes.items()
            ]
            return f"ON DUPLICATE KEY UPDATE {', '.join(assignments)}"
        assignments = [f"{self._quoted(name)} = {value}" for name, value in changes.items()]
        key = ", ".join(map(self._quoted, self.key))
        return f"ON CONFLICT ({key}) DO UPDATE SET {', '.join(assignments)} WHERE {condition}"

    def _quoted(self, column: str) -> str:
        return self.connection.ops.quote_name(column)

    @property
    def _is_mysql(self) -> bool:
        return self.connection.vendor == "mysql"
