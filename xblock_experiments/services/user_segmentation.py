"""The service `user_segmentation`: which groups exist in this course, which is this learner's."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

from xblock_experiments.course_user_segmentation.data import EXPERIMENT, Group, UserSegmentation
from xblock_experiments.services.binding import Binding
from xblock_experiments.services.visit import visit_of


class UserSegmentationService:
    """Bound to one user and one course. Of nobody it knows no group, and assigns nobody.

    `segmentations`, `segmentation` tell what the course has; `group`, `groups` where the user is,
    and never change it; `assign`, `assign_all` settle the user's group if need be;
    `record_exposure` notes that the block showed the user's arm, and `together` does so at once for
    all blocks of a page. What was told once is told the same for as long as the runtime lives.
    """

    def __init__(self, runtime: Any, xblock: Any) -> None:
        self._bound = Binding.of(runtime, xblock)
        self._visit = visit_of(runtime, self._bound)

    def segmentations(self, type: str | None = None) -> tuple[UserSegmentation, ...]:
        every = self._visit.segmentations
        return tuple(each for each in every if type is None or each.type == type)

    def segmentation(self, id: int, type: str = EXPERIMENT) -> UserSegmentation:
        """Raises NoSuchSegmentation."""
        return self._visit.segmentation(id, type)

    def group(self, id: int, type: str = EXPERIMENT) -> Group | None:
        """The user's group, the first in listed order of several. Raises NoSuchSegmentation."""
        return next(iter(self.groups(id, type)), None)

    def groups(self, id: int, type: str) -> tuple[Group, ...]:
        """The user's groups in listed order. Raises NoSuchSegmentation."""
        return self._visit.groups(id, type)

    def assign(self, id: int) -> Group:
        """The user's group of an experiment, settled now if it was not yet; nobody's is the first.

        Raises NoSuchSegmentation, NotAssignable.
        """
        return self._visit.assign(id)

    def assign_all(self, ids: Iterable[int]) -> dict[int, Group]:
        """`assign` for several; leaves out what the course does not have or cannot assign."""
        return self._visit.assign_all(ids)

    def record_exposure(self, id: int) -> None:
        """Note that this block shows the user's arm of an experiment. Only the first time counts.

        Nothing is noted for nobody and for a user without a group. Raises NoSuchSegmentation.
        """
        self._visit.record_exposure(id, self._bound.usage_id)

    def together(self) -> AbstractContextManager[None]:
        """Meanwhile exposures of all blocks are collected, and recorded at the end, at once.

        After an error they are not: then the user was shown nothing.
        """
        return self._visit.together()
