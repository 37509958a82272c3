"""The learners of a bundle in the order of their pseudonyms, in a temporary file.

The order of user ids would tell which pseudonym has a lower id than another. With the public salts,
that would betray the ids themselves.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import batched


class Spool:
    """The user ids and pseudonyms. They are sorted on disk, so memory stays flat."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.execute(
            "CREATE TABLE learner (pseudonym TEXT PRIMARY KEY, user_id TEXT) WITHOUT ROWID"
        )

    def add(self, learners: Iterable[tuple[str, str]]) -> None:
        """Add pseudonyms with their user ids. Those that it has already are left as they are."""
        self._database.executemany("INSERT OR IGNORE INTO learner VALUES (?, ?)", learners)

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yield each pseudonym with its user id, in the order of pseudonyms."""
        rows = self._database.execute("SELECT pseudonym, user_id FROM learner ORDER BY pseudonym")
        yield from rows

    def batches(self, size: int) -> Iterator[Mapping[str, str]]:
        """Yield the pseudonyms by user id, in the order of pseudonyms."""
        for batch in batched(self.pairs(), size):
            yield {user_id: pseudonym for pseudonym, user_id in batch}


@contextmanager
def spool() -> Iterator[Spool]:
    # SQLite deletes a database without a name when it is closed.
    with closing(sqlite3.connect("")) as database:
        yield Spool(database)
