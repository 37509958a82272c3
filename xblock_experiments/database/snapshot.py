"""A transaction in which all queries see the database as it was at one moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections, transaction

_WITH_SNAPSHOTS = frozenset({"mysql", "postgresql"})


@contextmanager
def one_moment(using: str) -> Iterator[None]:
    """Let all queries in this context see one moment, on PostgreSQL and MariaDB.

    Not on SQLite, where the transaction could make learners wait, and not within a transaction of
    the caller, which has chosen what it sees.
    """
    connection = connections[using]
    if connection.in_atomic_block or connection.vendor not in _WITH_SNAPSHOTS:
        yield
        return
    with transaction.atomic(using), connection.cursor() as cursor:
        # For this transaction only, which begins with the next statement.
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield
