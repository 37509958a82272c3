"""The service `user_segmentation`, which returns the course's groups and the learner's own."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

from xblock_experiments.course_user_segmentation.data import Group, UserSegmentation
from xblock_experiments.course_user_segmentation.types import EXPERIMENT
from xblock_experiments.services.binding import Binding
from xblock_experiments.services.visit import visit_of


class UserSegmentationService:
    """A service for one user and one course. It neither assigns nor records anonymous users.

    `segmentations` and `segmentation` return the course's definitions. `group` and `groups` return
    the user's groups and never change them. `assign` and `assign_all` assign the user if needed.
    `record_exposure` records that the block showed the user's arm, and `together` records the
    exposures of all blocks on a page in one batch. Answers do not change while the runtime lives.
    """

    def __init__(self, runtime: Any, xblock: Any) -> None:
        self._bound = Binding.of(runtime, xblock)
        self._visit = visit_of(runtime, self._bound)

    def segmentations(self, type: str | None = None) -> tuple[UserSegmentation, ...]:
        every = self._visit.segmentations
        return tuple(each for each in every if type is None or each.type == type)

    def segmentation(self, id: int, type: str = EXPERIMENT) -> UserSegmentation:
        """Return the course's segmentation. Raises NoSuchSegmentation."""
        return self._visit.segmentation(id, type)

    def group(self, id: int, type: str = EXPERIMENT) -> Group | None:
        """Return the user's first group in listed order, or None. Raises NoSuchSegmentation."""
        return next(iter(self.groups(id, type)), None)

    def groups(self, id: int, type: str) -> tuple[Group, ...]:
        """Return the user's groups in listed order. Raises NoSuchSegmentation."""
        return self._visit.groups(id, type)

    def assign(self, id: int) -> Group:
        """Return the user's group of an experiment, after assigning one if needed.

        An anonymous user gets the first group, and is not assigned. Raises NoSuchSegmentation or
        NotAssignable.
        """
        return self._visit.assign(id)

    def assign_all(self, ids: Iterable[int]) -> dict[int, Group]:
        """Return `assign` for each id, without experiments that do not exist or cannot assign."""
        return self._visit.assign_all(ids)

    def record_exposure(self, id: int) -> None:
        """Record that this block shows the user's arm of an experiment, if it is the first time.

        A user who was moved is exposed to the new arm too. Records nothing for an anonymous user or
        a user without a group. Raises NoSuchSegmentation.
        """
        self._visit.record_exposure(id, self._bound.usage_id)

    def together(self) -> AbstractContextManager[None]:
        """Return a context manager that collects all blocks' exposures and records them at its end.

        Records none of them if the context ends with an error, because the user saw nothing then.
        """
        return self._visit.together()
