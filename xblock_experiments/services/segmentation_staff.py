"""The service `segmentation_staff`: what staff may know of who is in which arm, and of edits."""

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
    """Bound to one course and one block. Everybody but staff is refused: NotStaff.

    `assigned` and `exposed` count learners by group; `own_group` tells which group the member of
    staff would be in as a learner; `preview_edit` what publishing a list would do to whom. Nothing
    is written.
    """

    def __init__(self, runtime: Any, xblock: Any) -> None:
        self._bound = Binding.of(runtime, xblock)
        self._block = xblock

    def assigned(self, id: int) -> dict[int, int]:
        """Learners in each group of an experiment, by group id. Raises NoSuchSegmentation."""
        check_staff(self._block)
        return dict(store.count_members(self._bound.course_id, id))

    def exposed(self, id: int) -> dict[int, int]:
        """Learners whom this block showed each group's arm. Raises NoSuchSegmentation."""
        check_staff(self._block)
        counts = experiments.count_exposed(self._bound.course_id, id)
        return dict(counts.get(self._bound.usage_id, {}))

    def own_group(self, id: int) -> Group | None:
        """None for nobody, and where nobody can be assigned. Raises NoSuchSegmentation."""
        check_staff(self._block)
        if self._bound.user_id is None:
            return None
        standing = store.get_standing(self._bound.course_id, id, self._bound.user_id)
        foreseen = experiments.foresee([standing])
        return foreseen[0].groups[0] if foreseen else None

    def preview_edit(self, segmentations: Iterable[UserSegmentation]) -> EditPreview:
        """Raises InvalidSegmentation, as publishing would."""
        check_staff(self._block)
        return store.preview_edit(self._bound.course_id, segmentations)
