"""The statement that writes a score over the previous one, if the condition holds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper

from xblock_experiments.database.sql import Question, Upsert
from xblock_experiments.database.transactions import persist_statement
from xblock_experiments.gradebook.models import Score
from xblock_experiments.retired import api as retired

_TABLE = Score._meta.db_table
_KEY = ("course_id", "user_id", "usage_id")
_VALUES = ("earned", "possible", "recorded", "fraction")
"""The written columns. The fraction comes last, because the condition reads the stored one."""
_FIELDS = [field for field in Score._meta.concrete_fields if not field.primary_key]


def store(row: Score, *, only_if_higher: bool) -> None:
    """Store the score in one statement, and repeat it if another transaction was preferred.

    Raises RetiredUser, and then no row is left.

    Inside the caller's transaction it is tried only once, because a repeated attempt would fail in
    the same way.
    """
    using = router.db_for_write(Score)
    persist_statement(partial(_write, row, only_if_higher, connections[using]), using=using)


def _write(row: Score, only_if_higher: bool, connection: BaseDatabaseWrapper) -> None:
    upsert = Upsert(_TABLE, _KEY, connection)
    higher = f"{upsert.new('fraction')} > {upsert.old('fraction')}"
    sql = upsert.statement(
        [field.name for field in _FIELDS],
        {name: upsert.new(name) for name in _VALUES},
        higher if only_if_higher else "TRUE",
    )
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in _FIELDS]
    if _execute(sql, values, retired.ask([row.user_id], connection.alias), connection):
        retired.refuse(Score, row.user_id, connection.alias)


def _execute(
    sql: str, values: Sequence[Any], question: Question, connection: BaseDatabaseWrapper
) -> bool:
    """Return the answer to the question. It is no if no row was written."""
    with connection.cursor() as cursor:
        if connection.features.can_return_columns_from_insert:
            cursor.execute(f"{sql} RETURNING {question.sql}", [*values, *question.parameters])
        else:
            cursor.execute(sql, values)
            cursor.execute(f"SELECT {question.sql}", question.parameters)
        answer = cursor.fetchone()
    return bool(answer and answer[0])
