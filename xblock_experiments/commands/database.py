"""The database of a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.db import DatabaseError


@contextmanager
def usable_database() -> Iterator[None]:
    """Turn an error of the database, such as a missing table, into a CommandError."""
    try:
        yield
    except DatabaseError as error:
        msg = f"The database cannot be used ({error}). Run `migrate` first."
        raise CommandError(msg) from error
