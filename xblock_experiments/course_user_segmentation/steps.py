"""The moves of many users, as they are stored: the latest ones, and those of before."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from xblock_experiments.course_user_segmentation.data import Change
from xblock_experiments.course_user_segmentation.models import Membership, PastChange
from xblock_experiments.course_user_segmentation.segmentations import using

_LATEST = ("since", "group_id")
_PAST = ("when", "to_group_id")
_BOTH = ("segmentation_id", "user_id", "from_group_id", "why", "actor", "version")
"""The columns of a step in the tables of present and of past steps."""


type Row = tuple[Any, ...]
"""The values of a `Step`. A report reads a course's whole history, of which it needs few steps."""
USER_ID = 3
"""The position of the user's id in a row."""


class Step(NamedTuple):
    """One move of a user in a segmentation."""

    when: datetime
    to_group_id: int | None
    row_id: int
    """The row id of the segmentation."""
    user_id: str
    from_group_id: int | None
    why: str
    who: str
    version: int
    version_by_time: bool = False

    @property
    def change(self) -> Change:
        return Change(
            user_id=self.user_id,
            when=self.when,
            from_group_id=self.from_group_id,
            to_group_id=self.to_group_id,
            why=self.why,
            who=self.who,
            version=self.version,
            version_by_time=self.version_by_time,
        )


def latest_and_past(
    row_ids: Collection[int], user_ids: Collection[str]
) -> tuple[list[Row], list[Row]]:
    """Return the steps into the users' present groups, and the steps before them. Two queries.

    Reads present memberships before the past, so that a concurrent move cannot hide a step. Such a
    step may be in both lists.
    """
    mine = {"segmentation__in": list(row_ids), "user_id__in": list(user_ids)}
    present = Membership.objects.using(using()).filter(**mine)
    latest = list(present.values_list(*_LATEST, *_BOTH))
    stored = PastChange.objects.using(using()).filter(**mine)
    return latest, list(stored.values_list(*_PAST, *_BOTH, "version_by_time"))
