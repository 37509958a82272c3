"""The statement that writes a score over the previous one, if the condition holds.

It is SQL, because Django's `bulk_create(update_conflicts=True)` accepts no condition.
"""

from __future__ import annotations

from functools import partial

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper

from xblock_experiments.database.transactions import persist_statement
from xblock_experiments.gradebook.models import Score

_TABLE = Score._meta.db_table
_KEY = ("course_id", "user_id", "usage_id")
_VALUES = ("earned", "possible", "recorded", "fraction")
"""The written columns, ending with fraction.

MariaDB and MySQL evaluate each assignment after the previous ones took effect, and every
assignment's condition reads the stored fraction.
"""
_FIELDS = [field for field in Score._meta.concrete_fields if not field.primary_key]


def store(row: Score, *, only_if_higher: bool) -> None:
    """Store the score in one statement, and repeat it if another transaction was preferred.

    Inside the caller's transaction it is tried only once, because a repeated attempt would fail in
    the same way.
    """
    using = router.db_for_write(Score)
    persist_statement(partial(_write, row, only_if_higher, connections[using]), using=using)


def _write(row: Score, only_if_higher: bool, connection: BaseDatabaseWrapper) -> None:
    on_conflict = _on_conflict_mysql if connection.vendor == "mysql" else _on_conflict
    sql = f"""
        INSERT INTO {_TABLE} ({", ".join(field.name for field in _FIELDS)})
        VALUES ({", ".join(["%s"] * len(_FIELDS))})
        {on_conflict(only_if_higher)}
    """  # noqa: S608 - of constants and placeholders
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in _FIELDS]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def _on_conflict(only_if_higher: bool) -> str:
    changes = ", ".join(f"{name} = excluded.{name}" for name in _VALUES)
    where = f"WHERE excluded.fraction > {_TABLE}.fraction" if only_if_higher else ""
    return f"ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET {changes} {where}"


def _on_conflict_mysql(only_if_higher: bool) -> str:
    """Return the clause with a condition on each column, because MySQL has none for the row."""
    is_due = "VALUES(fraction) > fraction" if only_if_higher else "TRUE"
    changes = ", ".join(f"{name} = IF({is_due}, VALUES({name}), {name})" for name in _VALUES)
    return f"ON DUPLICATE KEY UPDATE {changes}"
