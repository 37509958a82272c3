"""Inserts of rows that may exist already, paged reads, and shared locks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Any

from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.constants import OnConflict
from django.db.models.sql import InsertQuery

from xblock_experiments.database.transactions import (
    Overtaken,
    attempt,
    attempt_statement,
    keeps_snapshot,
    seeing_new_commits,
)

AT_ONCE = 1_000
"""The number of rows in one bulk statement. SQLite accepts at most 32,766 values."""
_PAGE = 5_000


def insert_if_absent[M: models.Model](rows: Sequence[M]) -> list[M]:
    """Insert the rows that no unique constraint rejects, and return them. All are of one model.

    One statement, except on MySQL. Django's `bulk_create(ignore_conflicts=True)` writes the same
    statement, but does not return which rows it inserted. `get_or_create` needs up to four
    statements, and under REPEATABLE READ it can miss the row that it collided with. Inserts nothing
    if the database prefers another transaction, as PostgreSQL does if this transaction cannot see
    the conflicting row.

    Pass the rows in the order of the unique constraint: transactions that lock in different orders
    can deadlock. Validate the rows first: MariaDB and MySQL ignore or truncate values that do not
    fit a column.
    """
    if not rows:
        return []
    using = router.db_for_write(type(rows[0]))
    connection = connections[using]
    if not connection.features.can_return_rows_from_bulk_insert:
        return attempt(partial(_insert_each, rows, connection), otherwise=[], using=using)
    work = partial(_insert, rows, connection)
    if connection.vendor == "postgresql" and keeps_snapshot(connection):
        return attempt(work, otherwise=[], using=using)
    if connection.in_atomic_block:
        return work()
    return attempt_statement(work, otherwise=[], using=using)


def in_pages[M: models.Model](rows: models.QuerySet[M]) -> Iterator[M]:
    """Yield all rows in order of insertion, reading page by page.

    Memory use stays flat, and no cursor or transaction stays open. MySQL's client loads a whole
    result into memory, even with Django's `iterator`. Needs an index that ends with the primary
    key.
    """
    rows = rows.order_by("pk")
    page = list(rows[:_PAGE])
    while page:
        yield from page
        page = list(rows.filter(pk__gt=page[-1].pk)[:_PAGE]) if len(page) == _PAGE else []


def check_all_seen(rows: models.QuerySet[Any, Any]) -> None:
    """Perform `check_all_read` before a statement that changes such rows.

    PostgreSQL would change only the rows it sees, and not report the others. Other databases find
    all rows.
    """
    if connections[rows.db].vendor == "postgresql":
        check_all_read(rows)


def check_all_read(rows: models.QuerySet[Any, Any]) -> None:
    """Raise Overtaken if others have committed such rows that this transaction cannot see."""
    if not keeps_snapshot(connections[rows.db]):
        return
    keys = rows.values_list("pk", flat=True)
    seen = set(keys)
    with seeing_new_commits(rows.db):
        there = set(keys.all())
    if there - seen:
        msg = "rows are newer than this transaction"
        raise Overtaken(msg)


def lock_shared(rows: models.QuerySet[Any, Any]) -> list[Any]:
    """Return the rows, locked until the transaction ends against changes but not against reads.

    Other transactions can take the same lock. Django offers only the exclusive lock, for which all
    others would wait. SQLite locks the whole database instead.
    """
    connection = connections[rows.db]
    sql, params = rows.query.get_compiler(connection=connection).as_sql()
    lock = {"postgresql": " FOR SHARE", "mysql": " LOCK IN SHARE MODE"}.get(connection.vendor, "")
    with connection.cursor() as cursor:
        cursor.execute(sql + lock, params)
        return list(cursor.fetchall())


def _insert[M: models.Model](rows: Sequence[M], connection: BaseDatabaseWrapper) -> list[M]:
    meta = type(rows[0])._meta
    (constraint,) = meta.total_unique_constraints
    key = [field for field in meta.concrete_fields if field.name in constraint.fields]
    with connection.cursor() as cursor:
        cursor.execute(*_statement(rows, connection, returning=key))
        inserted = set(map(tuple, cursor.fetchall()))
    if len(inserted) == len(rows):
        return list(rows)
    return [row for row in rows if tuple(getattr(row, field.attname) for field in key) in inserted]


def _insert_each[M: models.Model](rows: Sequence[M], connection: BaseDatabaseWrapper) -> list[M]:
    """Insert one by one, because MySQL returns no rows, and for several only their number."""
    inserted = []
    with connection.cursor() as cursor:
        for row in rows:
            cursor.execute(*_statement([row], connection))
            if cursor.rowcount:
                inserted.append(row)
    return inserted


def _statement(
    rows: Sequence[models.Model], connection: BaseDatabaseWrapper, *, returning: Sequence[Any] = ()
) -> tuple[str, list[Any]]:
    """Return the INSERT with its parameters.

    Django compiles it for the first rows only, because compiling takes longer for each row than the
    database needs to insert it.
    """
    fields = [field for field in rows[0]._meta.concrete_fields if not field.primary_key]
    first = rows[:2]
    query = InsertQuery(type(rows[0]), on_conflict=OnConflict.IGNORE)
    query.insert_values(fields, list(first))
    compiler: Any = query.get_compiler(connection=connection)
    compiler.returning_fields = returning
    ((sql, params),) = compiler.as_sql()
    values = [_values(row, fields, connection) for row in rows]
    if isinstance(params[0], list):
        # PostgreSQL receives columns, because it needs long to plan thousands of parameters.
        return sql, list(map(list, zip(*values, strict=True)))
    one = f"({', '.join(['%s'] * len(fields))})"
    head, tail = sql.split(", ".join([one] * len(first)))
    return f"{head}{', '.join([one] * len(rows))}{tail}", list(chain.from_iterable(values))


def _values(row: models.Model, fields: Sequence[Any], connection: BaseDatabaseWrapper) -> list[Any]:
    return [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
