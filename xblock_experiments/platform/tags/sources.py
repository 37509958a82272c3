"""The sources of the platform's rows: its database, or a CSV file of its table."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from xblock_experiments.platform.tags.csv_file import opened_file
from xblock_experiments.platform.tags.data import Source
from xblock_experiments.platform.tags.database import opened_database


def opened(source: str, *, after: int) -> AbstractContextManager[Source]:
    """Open a database's URL or a CSV file's path, for the rows after that id.

    Raises UnreadableSource, without the URL in its message, because URLs contain passwords.
    """
    if "://" in source:
        return opened_database(source, after=after)
    return opened_file(Path(source), after=after)
