"""The versions of a course's structure at many moments."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from datetime import datetime
from functools import cached_property
from itertools import accumulate

from xblock_experiments.gradebook.given import GivenBlocks
from xblock_experiments.gradebook.models import Structure
from xblock_experiments.gradebook.structures import parsed

type CourseAt = dict[datetime, GivenBlocks | None]
"""The course as published at each moment, or None at a moment before the first structure."""


class Versions:
    """The versions of one course's structure. Each is read once, when it is needed first."""

    def __init__(self, course_id: str, now: datetime) -> None:
        """Make the versions for learners who are graded now."""
        self._rows = Structure.objects.filter(course_id=course_id)
        self._now = now
        self._read: dict[int, GivenBlocks] = {}

    def at(self, moments: Collection[datetime]) -> CourseAt:
        """Return the course at each moment. Up to one query, and one more at the first call."""
        if not moments:
            return {}
        version_at = {moment: self._version_at(moment) for moment in moments}
        missing = set(filter(None, version_at.values())) - self._read.keys()
        if missing:
            found = self._rows.filter(version__in=missing)
            self._read |= {row.version: GivenBlocks(parsed(row), self._now) for row in found}
        return {
            moment: self._read[version] if version else None
            for moment, version in version_at.items()
        }

    def _version_at(self, moment: datetime) -> int | None:
        times, versions = self._published
        count = bisect_right(times, moment)
        return versions[count - 1] if count else None

    @cached_property
    def _published(self) -> tuple[list[datetime], list[int]]:
        """The times in order, and the newest version at each. One query."""
        rows = sorted(self._rows.values_list("published", "version"))
        return [when for when, _ in rows], list(accumulate((each for _, each in rows), max))
