"""Rows that are there once, whoever writes them first."""

from __future__ import annotations

from django.db import connections, models, router
from django.db.models.constants import OnConflict
from django.db.models.sql import InsertQuery


def insert_if_absent(*rows: models.Model) -> int:
    """Insert the rows of one model that no unique constraint says are there; how many that were.

    One statement. Django's `bulk_create(ignore_conflicts=True)` writes the same one and does not
    say what became of it; `get_or_create` needs up to four, and under REPEATABLE READ it can miss
    the row that it collided with.

    What is wrong with a row must be found before: MariaDB and MySQL ignore, or cut to fit, whatever
    else a column cannot hold.
    """
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    query = InsertQuery(model, on_conflict=OnConflict.IGNORE)
    query.insert_values(fields, list(rows))
    with connection.cursor() as cursor:
        for sql, params in query.get_compiler(connection=connection).as_sql():
            cursor.execute(sql, params)
        return int(cursor.rowcount)
