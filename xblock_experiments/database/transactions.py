"""Handling of transactions that conflict with others, and of database faults.

Under READ COMMITTED, a query sees everything committed before the query. Under REPEATABLE READ, all
queries of a transaction see what was committed before the transaction's first query, and PostgreSQL
refuses to overwrite later changes. So a row that another transaction has just written can be
invisible and still cause a conflict. A transaction that loses such a race must read the winner's
row through another connection (ADR 7).
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from functools import wraps

from django.db import (
    DatabaseError,
    InterfaceError,
    InternalError,
    OperationalError,
    connections,
    transaction,
)
from django.db.backends.base.base import BaseDatabaseWrapper

from xblock_experiments.errors import NotStored

_PAUSE = 0.002
"""The maximum pause after the first failed attempt, in seconds. It grows by this amount after each
further attempt.
"""
ROUNDS = 20
"""The maximum number of attempts, including the first. A lost race means that another transaction
succeeded.
"""

_FAULTS = (
    InterfaceError,
    InternalError,
    OperationalError,
    # Django raises this for each query after the first fault.
    transaction.TransactionManagementError,
)
_SERIALIZATION_FAILURE, _DEADLOCK = "40001", "40P01"
"""PostgreSQL's SQLSTATE codes."""
_MYSQL_RACES = frozenset({1020, 1213})
"""The codes of MariaDB and MySQL: "record has changed since last read", and a deadlock."""


def reports_faults[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Translate database faults into NotStored.

    Closes a broken connection, so that the next call opens a working one. Marks a transaction of
    the caller for rollback, because no database reports which of its changes have survived.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except _FAULTS as error:
            for connection in connections.all(initialized_only=True):
                if connection.errors_occurred:
                    _abandon(connection)
            msg = (
                f"The database failed: {str(error).strip()!r}. Nothing is stored partially: repeat "
                "the call with the same arguments once the database works."
            )
            raise NotStored(msg) from error

    return call


def _abandon(connection: BaseDatabaseWrapper) -> None:
    if connection.in_atomic_block:
        connection.set_rollback(True)
    else:
        connection.close_if_unusable_or_obsolete()


class Overtaken(OperationalError):
    """Raised if another transaction has committed conflicting changes that this transaction cannot
    see.
    """


class Lost(Enum):
    """The result of a transaction that lost a conflict with another one."""

    LOST = "lost"


LOST = Lost.LOST


def attempt[T, D](work: Callable[[], T], *, otherwise: D, using: str) -> T | D:
    """Perform the work atomically, in a transaction or a savepoint, and return its result.

    Returns `otherwise` without any change if it lost a conflict with another transaction.
    """

    def whole() -> T:
        with transaction.atomic(using):
            return work()

    return attempt_statement(whole, otherwise=otherwise, using=using)


def attempt_statement[T, D](work: Callable[[], T], *, otherwise: D, using: str) -> T | D:
    """Perform the work like `attempt`. It must be a single statement, which is atomic by itself."""
    is_part = connections[using].in_atomic_block
    try:
        return work()
    except DatabaseError as error:
        if not _is_lost_race(error, is_part=is_part):
            raise
        return otherwise


def persist[T](work: Callable[[], T], *, using: str) -> T:
    """Perform the work atomically, and repeat it if it lost a conflict with another transaction.

    Inside a caller's transaction there is one attempt only, because others would fail in the same
    way.
    """
    rounds = 1 if connections[using].in_atomic_block else ROUNDS
    for round_ in range(1, rounds):
        result = attempt(work, otherwise=LOST, using=using)
        if result is not LOST:
            return result
        # A random pause keeps colliding transactions from restarting together.
        time.sleep(random.uniform(0, round_ * _PAUSE))  # noqa: S311 - no secret
    with transaction.atomic(using):
        return work()


def persist_statement[T](work: Callable[[], T], *, using: str) -> T:
    """Execute a single statement like `persist`.

    The first attempt runs without a transaction, later attempts in one. Inside a caller's
    transaction, runs once and raises any error.
    """
    if connections[using].in_atomic_block:
        return work()
    result = attempt_statement(work, otherwise=LOST, using=using)
    return persist(work, using=using) if result is LOST else result


@contextmanager
def reading_latest_commits(using: str) -> Iterator[None]:
    """Let this thread's queries see all commits, even if its transaction has an older snapshot.

    If it keeps a snapshot, the queries in this context use another connection. They do not see the
    transaction's own changes, and their writes are committed independently of it.
    """
    ours = connections[using]
    if not keeps_snapshot(ours):
        yield
        return
    other = ours.copy()
    connections[using] = other
    try:
        yield
    finally:
        connections[using] = ours
        other.close()


def retries_exhausted(what: str) -> NotStored:
    """Return the error for work that lost a conflict in each of its attempts."""
    msg = (
        f"{what}: {ROUNDS} attempts lost a conflict with other transactions. "
        "Completed changes are stored. Repeat the call."
    )
    return NotStored(msg)


def keeps_snapshot(connection: BaseDatabaseWrapper) -> bool:
    """Return whether the connection is in a transaction whose queries all see the same snapshot.

    Returns False for SQLite. Its transactions keep a snapshot too, but no other connection can
    write while a transaction that has written something is open.
    """
    if not connection.in_atomic_block or connection.vendor == "sqlite":
        return False
    level = getattr(connection, "isolation_level", None)
    name = str(getattr(level, "name", level)).replace("_", " ").lower()
    return name not in {"read committed", "read uncommitted"}


def fails_on_newer_rows(connection: BaseDatabaseWrapper) -> bool:
    """Return whether the transaction fails when it locks a row newer than its snapshot.

    This is the default under REPEATABLE READ in MariaDB 11.6 and later. In earlier versions, it is
    off by default.
    """
    if connection.vendor != "mysql" or not keeps_snapshot(connection):
        return False
    with connection.cursor() as cursor:
        cursor.execute("SHOW VARIABLES LIKE 'innodb_snapshot_isolation'")
        return ("innodb_snapshot_isolation", "ON") in cursor.fetchall()


def _is_lost_race(error: DatabaseError, *, is_part: bool) -> bool:
    """Return whether the error is a lost race that the present transaction can survive.

    Inside a caller's transaction (`is_part`), that is only a serialization failure of PostgreSQL.
    """
    if isinstance(error, Overtaken):
        return not is_part
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return not is_part and cause.sqlite_errorcode == sqlite3.SQLITE_BUSY_SNAPSHOT
    code = getattr(cause, "sqlstate", None)
    if code in (_SERIALIZATION_FAILURE, _DEADLOCK):
        return not is_part or code == _SERIALIZATION_FAILURE
    return not is_part and bool(cause and cause.args and cause.args[0] in _MYSQL_RACES)
