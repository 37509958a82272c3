"""Queries that all see the database as it was at one moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

_WITH_SNAPSHOTS = frozenset({"mysql", "postgresql"})

type Reading = Callable[[], AbstractContextManager[None]]
"""A function that returns a context whose queries see the moment."""


@contextmanager
def one_moment(using: str) -> Iterator[Reading]:
    """Yield a function: queries in each context that it returns see the same moment.

    They use a connection of their own. So the caller can go on writing in between, for example to
    say how far it is, and others see that at once.

    Contexts do nothing on SQLite, where a transaction could make learners wait, and within a
    transaction of the caller, which has chosen what it sees.
    """
    ours = connections[using]
    if ours.in_atomic_block or ours.vendor not in _WITH_SNAPSHOTS:
        yield nullcontext
        return
    other = ours.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            # For this transaction only, which begins with the next statement.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield partial(_in_place_of, using, other)
    finally:
        other.close()


@contextmanager
def _in_place_of(using: str, other: BaseDatabaseWrapper) -> Iterator[None]:
    ours = connections[using]
    connections[using] = other
    try:
        yield
    finally:
        connections[using] = ours
