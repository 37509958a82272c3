"""The service `user_segmentation`: which groups exist in this course, which is this learner's."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.course_user_segmentation.data import (
    EXPERIMENT,
    Group,
    NotAssignable,
    UserSegmentation,
)
from xblock_experiments.experiments import api as experiments
from xblock_experiments.services.binding import Binding


class UserSegmentationService:
    """Bound to one user and one course. Of nobody it knows no group, and assigns nobody.

    `segmentations`, `segmentation` tell what the course has; `group`, `groups` where the user is,
    and never change it; `assign`, `assign_all` settle the user's group if need be;
    `record_exposure` notes that the block showed the user's arm.
    """

    def __init__(self, runtime: Any, xblock: Any) -> None:
        self._bound = Binding.of(runtime, xblock)
        self._assigned: dict[int, Group] = {}

    def segmentations(self, type: str | None = None) -> tuple[UserSegmentation, ...]:
        return segmentations.get_segmentations(self._bound.course_id, type=type)

    def segmentation(self, id: int, type: str = EXPERIMENT) -> UserSegmentation:
        """Raises NoSuchSegmentation."""
        return segmentations.get_segmentation(self._bound.course_id, id, type=type)

    def group(self, id: int, type: str = EXPERIMENT) -> Group | None:
        """The user's group, the first in listed order of several. Raises NoSuchSegmentation."""
        return next(iter(self.groups(id, type)), None)

    def groups(self, id: int, type: str) -> tuple[Group, ...]:
        """The user's groups in listed order. Raises NoSuchSegmentation."""
        course_id, user_id = self._bound.course_id, self._bound.user_id
        if user_id is None:
            self.segmentation(id, type)
            return ()
        return segmentations.get_standing(course_id, id, user_id, type=type).groups

    def assign(self, id: int) -> Group:
        """The user's group of an experiment, settled now if it was not yet; nobody's is the first.

        Raises NoSuchSegmentation, NotAssignable.
        """
        if self._bound.user_id is None:
            return experiments.first_group(self.segmentation(id))
        group = experiments.assign_group(self._bound.course_id, id, self._bound.user_id)
        self._assigned[id] = group
        return group

    def assign_all(self, ids: Iterable[int]) -> dict[int, Group]:
        """`assign` for several; leaves out what the course does not have or cannot assign."""
        if self._bound.user_id is None:
            return self._first_groups(set(ids))
        return experiments.assign_groups(self._bound.course_id, ids, self._bound.user_id)

    def record_exposure(self, id: int) -> bool:
        """Note that this block shows the user's arm of an experiment; True the first time.

        False, and nothing is noted, for nobody and for a user without a group. Raises
        NoSuchSegmentation.
        """
        group = self._assigned.get(id) or self.group(id)
        if self._bound.user_id is None or group is None:
            return False
        return experiments.record_exposure(
            self._bound.course_id,
            id,
            self._bound.user_id,
            self._bound.usage_id,
            group_id=group.id,
        )

    def _first_groups(self, ids: set[int]) -> dict[int, Group]:
        groups: dict[int, Group] = {}
        for experiment in self.segmentations(EXPERIMENT):
            with suppress(NotAssignable):
                if experiment.id in ids:
                    groups[experiment.id] = experiments.first_group(experiment)
        return groups
