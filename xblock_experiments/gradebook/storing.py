"""The statement that writes a score over the previous one, if the condition holds."""

from __future__ import annotations

from functools import partial

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper

from xblock_experiments.database.sql import Upsert
from xblock_experiments.database.transactions import persist_statement
from xblock_experiments.gradebook.models import Score

_TABLE = Score._meta.db_table
_KEY = ("course_id", "user_id", "usage_id")
_VALUES = ("earned", "possible", "recorded", "fraction")
"""The written columns. The fraction comes last, because the condition reads the stored one."""
_FIELDS = [field for field in Score._meta.concrete_fields if not field.primary_key]


def store(row: Score, *, only_if_higher: bool) -> None:
    """Store the score in one statement, and repeat it if another transaction was preferred.

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
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
