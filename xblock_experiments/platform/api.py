"""What is done for a site that comes from the platform."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xblock_experiments.platform.tags.data import Batch, Row, batches
from xblock_experiments.platform.tags.importing import import_batch

__all__ = ["import_course_tags"]


def import_course_tags(rows: Iterable[Row]) -> Iterator[Batch]:
    """Make memberships and tags of the platform's tags, and tell of each batch what became of it.

    Nobody changes the group, and no tag its value. Raises NotStored, and what `rows` raises once
    those before it are imported.
    """
    return map(import_batch, batches(rows))
