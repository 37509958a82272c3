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
from xblock_experiments.experiments.data import PastContentChange
from xblock_experiments.people import check_staff
from xblock_experiments.services.binding import Binding
from xblock_experiments.services.visit import visit_of


class SegmentationStaffService:
    """A read-only service for one course and one block. Raises NotStaff for any other user.

    `assigned` and `exposed` count learners by group. `content_changes` returns the edits after
    which learners got other content. `own_group` returns the group that the staff user would have
    as a learner. `removed_groups` returns groups that can be brought back, and `preview_edit` the
    effects of publishing a list.
    """

    def __init__(self, runtime: Any, xblock: Any) -> None:
        self._bound = Binding.of(runtime, xblock)
        self._block = xblock
        self._visit = visit_of(runtime, self._bound)

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

    def content_changes(self) -> tuple[PastContentChange, ...]:
        """Return the changes of this block's content after learners had joined, oldest first."""
        check_staff(self._block)
        changes = self._visit.content_changes
        return tuple(each for each in changes if each.change.usage_id == self._bound.usage_id)

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

    def removed_groups(self) -> dict[tuple[str, int], tuple[Group, ...]]:
        """Return the groups that the course's segmentations had, by their type and id."""
        check_staff(self._block)
        return store.get_removed_groups(self._bound.course_id)

    def preview_edit(self, segmentations: Iterable[UserSegmentation]) -> EditPreview:
        """Return the effects of publishing the list. Raises InvalidSegmentation."""
        check_staff(self._block)
        return store.preview_edit(self._bound.course_id, segmentations)
