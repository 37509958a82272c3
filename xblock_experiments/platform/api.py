"""The public interface of the import from the platform."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xblock_experiments.platform.tags.data import Batch, Row, batches
from xblock_experiments.platform.tags.importing import import_batch

__all__ = ["import_course_tags"]


def import_course_tags(rows: Iterable[Row]) -> Iterator[Batch]:
    """Import the platform's tags as memberships and tags, and yield each batch's result.

    Never moves a user out of a group, and never changes a tag's value. Leaves out retired users.
    Raises NotStored, RetiredUser if a user is retired during the import of a batch, and the errors
    of `rows` after importing the rows before the error.
    """
    return map(import_batch, batches(rows))
