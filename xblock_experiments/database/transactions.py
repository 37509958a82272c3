"""What becomes of a transaction when others write the same rows, or the database fails.

Under READ COMMITTED a query sees what was committed before it. Under REPEATABLE READ all queries of
a transaction see what was committed before its first one, and PostgreSQL refuses to write over
anything later. So a row that somebody else wrote a moment ago may be in the way and not be seen:
who loses such a race must look for the winner's row with other eyes (ADR 7).
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
"""Seconds, at most, after the first round; after each one more that much longer."""
ROUNDS = 20
"""How often what lost a race is tried. Each time it loses, somebody else got something done."""

_FAULTS = (
    InterfaceError,
    InternalError,
    OperationalError,
    # What Django says of each query after the first fault.
    transaction.TransactionManagementError,
)
_SERIALIZATION_FAILURE, _DEADLOCK = "40001", "40P01"
"""PostgreSQL's codes."""
_MYSQL_RACES = frozenset({1020, 1213})
"""The same of MariaDB and MySQL: "record has changed since last read", and a deadlock."""


def reports_faults[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """What keeps the database from its work, the function's caller is told as NotStored.

    A connection that broke is closed, so that the next call has one that works. A transaction that
    the caller began is undone as a whole: no database says how much of it is left.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except _FAULTS as error:
            for connection in connections.all(initialized_only=True):
                if connection.errors_occurred:
                    _leave(connection)
            msg = (
                f"The database could not do it. It says {str(error).strip()!r}. Nothing is half "
                "done: call it again, with the same arguments, when that is mended."
            )
            raise NotStored(msg) from error

    return call


def _leave(connection: BaseDatabaseWrapper) -> None:
    if connection.in_atomic_block:
        connection.set_rollback(True)
    else:
        connection.close_if_unusable_or_obsolete()


class Overtaken(OperationalError):
    """Somebody else's transaction is in the way, and this one cannot see what it did."""


class Lost(Enum):
    """What comes of a transaction to which the database preferred somebody else's."""

    LOST = "lost"


LOST = Lost.LOST


def attempt[T, D](work: Callable[[], T], *, otherwise: D, using: str) -> T | D:
    """Do the work whole, in a transaction or a savepoint, and return what it returns.

    `otherwise`, and nothing is done, where the database preferred somebody else's transaction.
    """

    def whole() -> T:
        with transaction.atomic(using):
            return work()

    return attempt_statement(whole, otherwise=otherwise, using=using)


def attempt_statement[T, D](work: Callable[[], T], *, otherwise: D, using: str) -> T | D:
    """`attempt` for work that is a single statement: that is whole by itself."""
    is_part = connections[using].in_atomic_block
    try:
        return work()
    except DatabaseError as error:
        if not _is_lost_race(error, is_part=is_part):
            raise
        return otherwise


def persist[T](work: Callable[[], T], *, using: str) -> T:
    """Do the work whole, again where the database preferred somebody else's transaction.

    Within a transaction it is done once: what is in its way would be so again.
    """
    rounds = 1 if connections[using].in_atomic_block else ROUNDS
    for round_ in range(1, rounds):
        result = attempt(work, otherwise=LOST, using=using)
        if result is not LOST:
            return result
        # Those who collided do not start again together.
        time.sleep(random.uniform(0, round_ * _PAUSE))  # noqa: S311 - no secret
    with transaction.atomic(using):
        return work()


def persist_statement[T](work: Callable[[], T], *, using: str) -> T:
    """`persist` for work that is a single statement, and needs a transaction only if it lost."""
    if connections[using].in_atomic_block:
        return work()
    result = attempt_statement(work, otherwise=LOST, using=using)
    return persist(work, using=using) if result is LOST else result


@contextmanager
def seeing_new_commits(using: str) -> Iterator[None]:
    """Meanwhile this thread's queries see what others committed, however old its transaction is.

    A transaction that keeps its snapshot is left alone for as long: the queries go over another
    connection. They do not see what the transaction itself did; what they write is committed.
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


def contended(what: str) -> NotStored:
    """The error of somebody who lost every round."""
    msg = f"{what}: {ROUNDS} times somebody else was faster. What was done stays: call it again."
    return NotStored(msg)


def keeps_snapshot(connection: BaseDatabaseWrapper) -> bool:
    """Whether this is a transaction whose queries all see what was there at the first of them.

    SQLite's do too, but there nobody else can write between its first write and its end.
    """
    if not connection.in_atomic_block or connection.vendor == "sqlite":
        return False
    level = getattr(connection, "isolation_level", None)
    name = str(getattr(level, "name", level)).replace("_", " ").lower()
    return name not in {"read committed", "read uncommitted"}


def dies_of_news(connection: BaseDatabaseWrapper) -> bool:
    """Whether the transaction is undone when it locks a row that is newer than its snapshot.

    So it is under REPEATABLE READ on MariaDB from 11.6 on, and before where it is set.
    """
    if connection.vendor != "mysql" or not keeps_snapshot(connection):
        return False
    with connection.cursor() as cursor:
        cursor.execute("SHOW VARIABLES LIKE 'innodb_snapshot_isolation'")
        return ("innodb_snapshot_isolation", "ON") in cursor.fetchall()


def _is_lost_race(error: DatabaseError, *, is_part: bool) -> bool:
    """Whether somebody else was preferred, and this transaction can go on.

    One that the work is only a part of cannot, after a deadlock, and never on MariaDB and MySQL,
    which undo all of it.
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
