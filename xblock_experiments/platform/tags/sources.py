"""Where the platform's rows are read from: its database, or its table as a CSV file."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from xblock_experiments.platform.tags.csv_file import opened_file
from xblock_experiments.platform.tags.data import Source
from xblock_experiments.platform.tags.database import opened_database


def opened(source: str, *, after: int) -> AbstractContextManager[Source]:
    """The rows after that id, of a database's URL or a CSV file's path.

    Raises UnreadableSource, which never tells the URL: it holds a password.
    """
    if "://" in source:
        return opened_database(source, after=after)
    return opened_file(Path(source), after=after)
