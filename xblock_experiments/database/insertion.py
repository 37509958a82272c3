"""The INSERT of rows that may exist already, with its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.constants import OnConflict
from django.db.models.sql import InsertQuery

from xblock_experiments.database.sql import placeholders

type Row = dict[str, Any]
"""The values of a new row by attribute name. A missing field gets its default.

A dictionary, because creating a model instance takes longer than storing the row. Fields are not
asked for values of their own, as `auto_now` has.
"""
type Statement = tuple[str, list[Any]]
"""SQL and its parameters."""

_UNSET = object()
_READY = frozenset({int, str})
"""The types whose values all databases take as they are."""


def statement(
    model: type[models.Model], rows: Sequence[Row], connection: BaseDatabaseWrapper
) -> Statement:
    """Return the INSERT of the rows that no unique constraint rejects. All have the same fields."""
    if len(rows) == 1:
        return _of_one(model, rows[0], connection)
    if connection.vendor == "sqlite":
        return _of_selected(model, rows, connection)
    return _of_many(model, rows, connection)


def key_within(model: type[models.Model], rows: Sequence[Row]) -> list[Any]:
    """Return those fields of the unique constraint in which the rows differ.

    A page's rows are all of one user, for example, so the user's id need not be returned.
    """
    key = unique_key(model)
    return [field for field in key if len({row[field.attname] for row in rows}) > 1] or key


@lru_cache
def unique_key(model: type[models.Model]) -> list[Any]:
    """Return the fields of the model's unique constraint."""
    (constraint,) = model._meta.total_unique_constraints
    return [field for field in _fields(model) if field.name in constraint.fields]


def _of_one(model: type[models.Model], row: Row, connection: BaseDatabaseWrapper) -> Statement:
    sql, _ = _compiled(model, connection.alias, is_one=True)
    values = ((row.get(field.attname, _UNSET), field) for field in _fields(model))
    return sql, [_prepared(value, field, connection) for value, field in values]


def _of_many(
    model: type[models.Model], rows: Sequence[Row], connection: BaseDatabaseWrapper
) -> Statement:
    sql, takes_columns = _compiled(model, connection.alias, is_one=False)
    columns = [_column(rows, field, connection) for field in _fields(model)]
    if takes_columns:
        return sql, columns
    one = placeholders(columns)
    sql = sql.replace(f"{one}, {one}", ", ".join([one] * len(rows)))
    return sql, list(chain.from_iterable(zip(*columns, strict=True)))


def _of_selected(
    model: type[models.Model], rows: Sequence[Row], connection: BaseDatabaseWrapper
) -> Statement:
    """Return an INSERT in which values that all rows share are given once.

    Django rewrites each placeholder for SQLite, which takes as long as the insertion itself. SQLite
    names the columns of VALUES by their numbers; other databases do not.
    """
    shared: list[Any] = []
    columns: list[Sequence[Any]] = []
    expressions = []
    for field in _fields(model):
        column = _column(rows, field, connection)
        if len(set(column)) == 1:
            shared.append(column[0])
            expressions.append("%s")
        else:
            columns.append(column)
            expressions.append(f"column{len(columns)}")
    if not columns:
        return _of_one(model, rows[0], connection)
    values = ", ".join([placeholders(columns)] * len(rows))
    sql = (
        f"INSERT OR IGNORE INTO {model._meta.db_table} ({_names(model)}) "  # noqa: S608 - constants
        f"SELECT {', '.join(expressions)} FROM (VALUES {values}) WHERE TRUE"
    )
    return sql, [*shared, *chain.from_iterable(zip(*columns, strict=True))]


@lru_cache
def _compiled(model: type[models.Model], alias: str, *, is_one: bool) -> tuple[str, bool]:
    """Return the INSERT of one row, or of two rows that represent any number.

    Cached, because Django needs longer to compile it than the database to execute it. The second
    value is True if the parameters are columns: PostgreSQL needs long to plan thousands of single
    parameters.
    """
    query = InsertQuery(model, on_conflict=OnConflict.IGNORE)
    query.insert_values(_fields(model), [model()] if is_one else [model(), model()])
    ((sql, params),) = query.get_compiler(connection=connections[alias]).as_sql()
    return sql, isinstance(params[0], list)


def _column(rows: Sequence[Row], field: Any, connection: BaseDatabaseWrapper) -> Sequence[Any]:
    """Return the field's values for the database. Prepares equal values only once."""
    name = field.attname
    if name not in rows[0]:
        return [_prepared(_UNSET, field, connection)] * len(rows)
    values = [row[name] for row in rows]
    if _READY.issuperset(map(type, values)):
        return values
    prepared = {value: _prepared(value, field, connection) for value in set(values)}
    return [prepared[value] for value in values]


def _prepared(value: Any, field: Any, connection: BaseDatabaseWrapper) -> Any:
    """Return the value for the database, or the field's default if it is not set."""
    if type(value) in _READY:
        return value
    return field.get_db_prep_save(field.get_default() if value is _UNSET else value, connection)


@lru_cache
def _names(model: type[models.Model]) -> str:
    return ", ".join([f'"{field.column}"' for field in _fields(model)])


@lru_cache
def _fields(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if not field.primary_key]
