"""Waiting for other transactions to end, on databases whose deletions do not wait for them."""

from __future__ import annotations

import time

from django.db import connections, models

from xblock_experiments.errors import NotStored

_PATIENCE = 10.0
_PAUSE = 0.005
"""Both in seconds."""

_WRITERS = """
    SELECT virtualtransaction FROM pg_locks
    WHERE relation = %s::regclass AND pid <> pg_backend_pid()
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND virtualtransaction IN (
        SELECT virtualtransaction FROM pg_locks WHERE mode = 'RowExclusiveLock'
    )
"""
"""The transactions that write and have used a table. They keep locks on tables until their end.

Backups only read, and may take hours.
"""


def wait_for_writers_with(model: type[models.Model], *, using: str) -> None:
    """Wait until all writing transactions have ended that have used the model's table so far.

    Does nothing on other databases than PostgreSQL: a DELETE in MariaDB waits for rows that others
    have inserted and not committed, and SQLite has one writer at a time.

    Raises NotStored after ten seconds.
    """
    if connections[using].vendor != "postgresql":
        return
    table = model._meta.db_table
    awaited = _writers_with(table, using)
    deadline = time.monotonic() + _PATIENCE
    while awaited:
        if time.monotonic() > deadline:
            msg = (
                "The data is deleted, but other transactions that began earlier still run, and may "
                "store more. Repeat the call once they have ended."
            )
            raise NotStored(msg)
        time.sleep(_PAUSE)
        awaited &= _writers_with(table, using)


def _writers_with(table: str, using: str) -> set[str]:
    with connections[using].cursor() as cursor:
        cursor.execute(_WRITERS, [table])
        return {transaction for (transaction,) in cursor.fetchall()}
