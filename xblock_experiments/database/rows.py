"""Inserts of rows that may exist already, paged reads, and shared locks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from heapq import merge
from itertools import groupby
from typing import Any

from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F
from django.db.models.functions import Collate

from xblock_experiments.database.insertion import Row, key_within, statement, unique_key
from xblock_experiments.database.sql import NO_QUESTION, Question, Upsert
from xblock_experiments.database.transactions import (
    Overtaken,
    attempt,
    attempt_statement,
    keeps_snapshot,
    reading_latest_commits,
)

AT_ONCE = 1_000
"""The number of rows in one bulk statement. SQLite accepts at most 32,766 values."""
_PAGE = 5_000
_PAGE_OF_VALUES = 50_000
"""The number of distinct values that are read at once: each page can read the whole table."""


def insert_if_absent(model: type[models.Model], rows: Sequence[Row]) -> list[Row]:
    """Insert the rows that no unique constraint rejects, and return them.

    One statement, except on MySQL. Django's `bulk_create(ignore_conflicts=True)` writes the same
    statement, but does not return which rows it inserted. `get_or_create` needs up to four
    statements, and under REPEATABLE READ it can miss the row that it collided with. Inserts nothing
    if the database prefers another transaction, as PostgreSQL does if this transaction cannot see
    the conflicting row.

    Pass the rows in the order of the unique constraint: transactions that lock in different orders
    can deadlock. Validate the rows first: MariaDB and MySQL ignore or truncate values that do not
    fit a column.
    """
    return insert_and_ask(model, rows, NO_QUESTION)[0] if rows else []


def insert_and_ask(
    model: type[models.Model], rows: Sequence[Row], question: Question
) -> tuple[list[Row], bool]:
    """Insert rows like `insert_if_absent`, and also return the answer to the question.

    The answer is no if nothing was inserted. On MySQL, the question is a statement of its own.
    """
    nothing: tuple[list[Row], bool] = ([], False)
    using = router.db_for_write(model)
    connection = connections[using]
    if not connection.features.can_return_rows_from_bulk_insert:
        each = partial(_insert_each, model, rows, question, connection)
        return attempt(each, otherwise=nothing, using=using)
    work = partial(_insert, model, rows, question, connection)
    if connection.vendor == "postgresql" and keeps_snapshot(connection):
        return attempt(work, otherwise=nothing, using=using)
    if connection.in_atomic_block:
        return work()
    return attempt_statement(work, otherwise=nothing, using=using)


def add_counts(model: type[models.Model], query: str, parameters: Sequence[Any]) -> None:
    """Add to the model's numbers in the column `count` those that the query finds.

    The query returns the fields of the model's unique constraint and a number. One statement.
    """
    connection = connections[router.db_for_write(model)]
    key = [field.column for field in unique_key(model)]
    upsert = Upsert(model._meta.db_table, key, connection)
    total = {"count": f"{upsert.old('count')} + {upsert.new('count')}"}
    sql = upsert.statement([*key, "count"], total, "TRUE", rows=query)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


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


def distinct_in_pages(tables: Sequence[models.QuerySet[Any]], column: str) -> Iterator[Any]:
    """Yield the values of the column in all tables in order, each once, reading page by page."""
    pages = [_distinct(rows, column) for rows in tables]
    for value, _ in groupby(merge(*pages)):
        yield value


def _distinct(rows: models.QuerySet[Any], column: str) -> Iterator[Any]:
    # By code points, as Python compares text. The other databases store such text in this order.
    is_postgresql = connections[rows.db].vendor == "postgresql"
    value = Collate(column, "C") if is_postgresql else F(column)
    values = rows.annotate(value=value).values_list("value", flat=True).order_by("value").distinct()
    page = list(values[:_PAGE_OF_VALUES])
    while page:
        yield from page
        after = values.filter(value__gt=page[-1])
        page = list(after[:_PAGE_OF_VALUES]) if len(page) == _PAGE_OF_VALUES else []


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
    with reading_latest_commits(rows.db):
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


def _insert(
    model: type[models.Model],
    rows: Sequence[Row],
    question: Question,
    connection: BaseDatabaseWrapper,
) -> tuple[list[Row], bool]:
    sql, params = statement(model, rows, connection)
    with connection.cursor() as cursor:
        if len(rows) == 1:
            return _insert_one(rows[0], (sql, params), question, cursor)
        key = key_within(model, rows)
        columns = ", ".join([connection.ops.quote_name(field.column) for field in key])
        cursor.execute(
            f"{sql} RETURNING {columns}, {question.sql}", [*params, *question.parameters]
        )
        returned = cursor.fetchall()
    answer = bool(returned and returned[0][-1])
    if len(returned) == len(rows):
        return list(rows), answer
    names = [field.attname for field in key]
    inserted = {tuple(values[:-1]) for values in returned}
    return [row for row in rows if tuple(row[name] for name in names) in inserted], answer


def _insert_one(
    row: Row, insert: tuple[str, list[Any]], question: Question, cursor: Any
) -> tuple[list[Row], bool]:
    """Insert a row without returning its key: the number of inserted rows says as much."""
    sql, params = insert
    if question is NO_QUESTION:
        cursor.execute(sql, params)
        return ([row] if cursor.rowcount else []), False
    cursor.execute(f"{sql} RETURNING {question.sql}", [*params, *question.parameters])
    returned = cursor.fetchone()
    return ([row], bool(returned[0])) if returned else ([], False)


def _insert_each(
    model: type[models.Model],
    rows: Sequence[Row],
    question: Question,
    connection: BaseDatabaseWrapper,
) -> tuple[list[Row], bool]:
    """Insert one by one, because MySQL returns no rows, and for several only their number."""
    inserted = []
    with connection.cursor() as cursor:
        for row in rows:
            cursor.execute(*statement(model, [row], connection))
            if cursor.rowcount:
                inserted.append(row)
        cursor.execute(f"SELECT {question.sql}", question.parameters)
        (answer,) = cursor.fetchone()
    return inserted, bool(inserted and answer)
