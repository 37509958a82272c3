"""The service `segmentation_staff`, which shows group sizes and previews of edits to staff."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from xblock_experiments.course_user_segmentation import api as store
from xblock_experiments.course_user_segmentation.data import (
    EditPreview,
    Group,
    UserSegmentation,
)
from xblock_experiments.experiments import api as experiments
from xblock_experiments.people import check_staff
from xblock_experiments.services.binding import Binding


class SegmentationStaffService:
    """A read-only service for one course and one block. Raises NotStaff for any other user.

    `assigned` and `exposed` count learners by group. `own_group` returns the group that the staff
    user would have as a learner. `preview_edit` describes the effects of publishing a list.
    """

    def __init__(self, runtime: Any, xblock: Any) -> None:
        self._bound = Binding.of(runtime, xblock)
        self._block = xblock

    def assigned(self, id: int) -> dict[int, int]:
        """Return each group's number of assigned learners by id. Raises NoSuchSegmentation."""
        check_staff(self._block)
        return dict(store.count_members(self._bound.course_id, id))

    def exposed(self, id: int) -> dict[int, int]:
        """Return the number of learners to whom this block showed each arm, by group id.

        Raises NoSuchSegmentation.
        """
        check_staff(self._block)
        counts = experiments.count_exposed(self._bound.course_id, id)
        return dict(counts.get(self._bound.usage_id, {}))

    def own_group(self, id: int) -> Group | None:
        """Return the user's group as a learner, or None if anonymous or not assignable.

        Raises NoSuchSegmentation.
        """
        check_staff(self._block)
        if self._bound.user_id is None:
            return None
        standing = store.get_standing(self._bound.course_id, id, self._bound.user_id)
        predicted = experiments.predict_assignments([standing])
        return predicted[0].groups[0] if predicted else None

    def preview_edit(self, segmentations: Iterable[UserSegmentation]) -> EditPreview:
        """Return the effects of publishing the list. Raises InvalidSegmentation."""
        check_staff(self._block)
        return store.preview_edit(self._bound.course_id, segmentations)
