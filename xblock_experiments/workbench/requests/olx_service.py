"""The service `olx`, with which authors read a block as OLX and replace it."""

from __future__ import annotations

from typing import Any

from xblock.exceptions import NoSuchUsage

from xblock_experiments.workbench.courses.lookup import Courses
from xblock_experiments.workbench.import_export.exporting import export_for_author
from xblock_experiments.workbench.import_export.reading import reread


class BlockOlx:
    """Reads and replaces blocks in the course of the requesting block."""

    def __init__(self, courses: Courses) -> None:
        self._courses = courses

    def text(self, block: Any) -> str:
        """Return the block's element with all its content.

        A block that also appears elsewhere in the course is written as a pointer. Raises
        NoSuchUsage for a block that is in no course.
        """
        usage_id = block.scope_ids.usage_id
        course = self._courses.course_of(usage_id)
        if course is None:
            raise NoSuchUsage(usage_id)
        return export_for_author(course, usage_id)

    def replace(self, block: Any, text: str) -> list[str]:
        """Replace the block by the element in `text`. Return a line for each unusable part of it.

        The element must be of the block's type. Learners keep their state in blocks whose url_name
        is unchanged. Raises OlxError, NotStaff, EditedMeanwhile, NotStored.
        """
        usage_id = block.scope_ids.usage_id
        return [*reread(self._courses.course_to_change(usage_id), usage_id, text)]
