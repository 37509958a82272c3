"""The database of this process: its tables, its learners and minimal statements."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.models.sql import InsertQuery
from django.test.utils import CaptureQueriesContext

from benchmarks.platform_flow.models import CourseTag

type Statement = tuple[str, Sequence[Any]]


def make_tables() -> None:
    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(CourseTag)


def version() -> str:
    if connection.vendor == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT version()")
        (text,) = cursor.fetchone()
    words = text.split("-")[0].split()
    return f"PostgreSQL {words[1]}" if connection.vendor == "postgresql" else f"MariaDB {words[0]}"


def new_learners(count: int) -> list[User]:
    first = (User.objects.aggregate(last=models.Max("pk"))["last"] or 0) + 1
    numbers = range(first, first + count)
    return User.objects.bulk_create(
        [User(pk=number, username=f"learner-{number}") for number in numbers]
    )


def analyze() -> None:
    """Update the database's statistics, which it would otherwise update during a measurement."""
    tables = ", ".join(connection.introspection.table_names())
    execute([(f"ANALYZE TABLE {tables}" if connection.vendor == "mysql" else "ANALYZE", ())])


def empty(model: type[models.Model]) -> None:
    flush = connection.ops.sql_flush(no_style(), [model._meta.db_table])
    connection.ops.execute_sql_flush(flush)


def insertion(rows: Sequence[models.Model]) -> Statement:
    """Return one plain INSERT of all rows."""
    model = type(rows[0])
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    query = InsertQuery(model)
    query.insert_values(fields, list(rows))
    ((sql, params),) = query.get_compiler(connection=connection).as_sql()
    return sql, params


def selection(rows: models.QuerySet[Any, Any]) -> Statement:
    sql, params = rows.query.sql_with_params()
    return sql, params


def execute(statements: Sequence[Statement]) -> None:
    with connection.cursor() as cursor:
        for sql, params in statements:
            cursor.execute(sql, params)
            if cursor.description:
                cursor.fetchall()


def in_transaction(operate: Callable[[Any], object]) -> Callable[[Any], object]:
    """Return the operation in a transaction, as on a host with ATOMIC_REQUESTS."""

    def operate_in_transaction(thing: Any) -> None:
        with transaction.atomic():
            operate(thing)

    return operate_in_transaction


def count_queries(operate: Callable[[Any], object], thing: Any, only: str = "") -> int:
    """Return the number of queries that contain `only`.

    The operation runs in a transaction, as in a request; BEGIN and COMMIT are not counted.
    """
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        operate(thing)
        return sum(only in query["sql"] for query in queries.captured_queries)
