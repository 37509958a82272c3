"""What is done for a site that comes from the platform."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable

from xblock_experiments.platform.data import Batch, Entered, Row, batches
from xblock_experiments.platform.importing import announce, import_batch

__all__ = ["import_course_tags"]


def import_course_tags(rows: Iterable[Row]) -> Generator[Batch, None, None]:
    """Make memberships and tags of the platform's tags, and tell of each batch what became of it.

    Nobody changes the group, and no tag its value. Who stops early, closes the iterator: then too
    there is one event of all that entered. Raises NotStored.
    """
    entered: Entered = Counter()
    try:
        for batch in batches(rows):
            done = import_batch(batch)
            entered += done.entered
            yield done
    finally:
        announce(entered)
