"""The versions of a course's structure at many moments."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from datetime import datetime
from functools import cached_property
from itertools import accumulate, batched

from xblock_experiments.gradebook.given import GivenBlocks
from xblock_experiments.gradebook.models import Structure
from xblock_experiments.gradebook.structures import parsed

type CourseAt = dict[datetime, GivenBlocks | None]
"""The course as published at each moment, or None at a moment before the first structure."""


_READ_AT_ONCE = 50
"""The most definitions in one query. Those of large courses are long."""
_REMEMBERED = 100
"""The most versions that stay in memory, unless more are needed at the same time."""


class Versions:
    """The versions of one course's structure, of which those that were needed last are kept."""

    def __init__(self, course_id: str, now: datetime) -> None:
        """Make the versions for learners who are graded now."""
        self._rows = Structure.objects.filter(course_id=course_id)
        self._now = now
        self._read: dict[int, GivenBlocks] = {}

    def at(self, moments: Collection[datetime]) -> CourseAt:
        """Return the course at each moment.

        One query for 50 versions that are not in memory, and one more at the first call.
        """
        if not moments:
            return {}
        version_at = {moment: self._version_at(moment) for moment in moments}
        self._keep(set(filter(None, version_at.values())))
        return {
            moment: self._read[version] if version else None
            for moment, version in version_at.items()
        }

    def _keep(self, needed: set[int]) -> None:
        """Read the versions that are not in memory, and forget those that were needed long ago."""
        for versions in batched(sorted(needed - self._read.keys()), _READ_AT_ONCE):
            rows = self._rows.filter(version__in=versions)
            self._read |= {row.version: GivenBlocks(parsed(row), self._now) for row in rows}
        by_last_need = sorted(self._read, key=needed.__contains__)
        kept = by_last_need[-max(_REMEMBERED, len(needed)) :]
        self._read = {version: self._read[version] for version in kept}

    def _version_at(self, moment: datetime) -> int | None:
        times, versions = self._published
        count = bisect_right(times, moment)
        return versions[count - 1] if count else None

    @cached_property
    def _published(self) -> tuple[list[datetime], list[int]]:
        """The times in order, and the newest version at each. One query."""
        rows = sorted(self._rows.values_list("published", "version"))
        return [when for when, _ in rows], list(accumulate((each for _, each in rows), max))
