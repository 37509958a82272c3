"""Cells that several reports have."""

from __future__ import annotations

from datetime import UTC, datetime

from xblock_experiments.course_user_segmentation.api import get_segmentations
from xblock_experiments.course_user_segmentation.data import UserSegmentation
from xblock_experiments.gradebook.tables import Column

NOT_AVAILABLE, NOT_ATTEMPTED = "Not Available", "Not Attempted"
"""Open edX's words for a block that a learner is not given, and for one without a score."""

STUDENT = Column("Student ID", "The id of the learner's user.")


def moment(when: datetime | None) -> str:
    """Return the time in UTC, or an empty text."""
    return "" if when is None else when.astimezone(UTC).isoformat(timespec="seconds")


class Names:
    """The present names of a course's segmentations and groups."""

    def __init__(self, course_id: str) -> None:
        segmentations = get_segmentations(course_id)
        self._names = {each.id: each.name for each in segmentations}
        self._groups = {each.id: group_names(each) for each in segmentations}

    def name(self, id: int) -> str:
        return self._names.get(id, "")

    def group(self, id: int, group_id: int | None) -> str:
        return "" if group_id is None else self._groups.get(id, {}).get(group_id, "")


def group_names(segmentation: UserSegmentation) -> dict[int, str]:
    """Return the names of the groups by id."""
    return {group.id: group.name for group in segmentation.groups}
