"""The platform's service `partitions`, based on this course's segmentations."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from xblock_experiments.course_user_segmentation.data import (
    Group,
    NoSuchSegmentation,
    NotAssignable,
    UserSegmentation,
)
from xblock_experiments.course_user_segmentation.types import EXPERIMENT
from xblock_experiments.errors import OtherUser
from xblock_experiments.keys.ids import is_id
from xblock_experiments.keys.users import USER_ID
from xblock_experiments.services.binding import Binding
from xblock_experiments.services.visit import visit_of


class NoSuchPartition(NoSuchSegmentation, ValueError):
    """NoSuchSegmentation as a ValueError, which blocks written for the platform expect."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """The platform's name for a segmentation's type, such as `random` for experiments."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPartition:
    """A segmentation with the attributes of the platform's class."""

    id: int
    name: str
    description: str
    groups: tuple[Group, ...]
    scheme: Scheme
    parameters: Mapping[str, Any]
    active: bool
    segmentation: UserSegmentation

    @classmethod
    def of(cls, segmentation: UserSegmentation) -> Self:
        written = segmentation.to_json()
        return cls(
            id=segmentation.id,
            name=segmentation.name,
            description=segmentation.description,
            groups=segmentation.groups,
            scheme=Scheme(written["scheme"]),
            parameters=written["parameters"],
            active=segmentation.active,
            segmentation=segmentation,
        )

    def get_group(self, group_id: int) -> Group:
        """Return the group with this id. Raises NoSuchGroup."""
        return self.segmentation.group(int(group_id))

    def to_json(self) -> dict[str, Any]:
        return self.segmentation.to_json()


class PartitionService:
    """The platform's partition service for one user and one course.

    Shares its data with the service `user_segmentation`. The platform's methods take a user, and
    raise OtherUser for any user other than the block's own.
    """

    def __init__(self, runtime: Any, xblock: Any) -> None:
        self._bound = Binding.of(runtime, xblock)
        self._visit = visit_of(runtime, self._bound)

    @property
    def course_partitions(self) -> list[UserPartition]:
        """All segmentations of the course, including inactive ones."""
        return list(map(UserPartition.of, self._visit.segmentations))

    def get_user_partition(self, user_partition_id: int) -> UserPartition | None:
        """Return the partition or None. If several types have the id, returns the experiment."""
        if not is_id(user_partition_id):
            return None
        found = [each for each in self._visit.segmentations if each.id == user_partition_id]
        found.sort(key=lambda segmentation: segmentation.type != EXPERIMENT)
        return UserPartition.of(found[0]) if found else None

    def get_user_group_id_for_partition(self, user: Any, user_partition_id: int) -> int | None:
        """Return the id of the user's group, after assigning one if needed.

        Raises NoSuchPartition or OtherUser.
        """
        partition = self.get_user_partition(user_partition_id)
        if partition is None:
            msg = (
                f"Configuration problem!  No user_partition with id {user_partition_id} "
                f"in course {self._bound.course_id}"
            )
            raise NoSuchPartition(msg)
        group = self.get_group(user, partition)
        return None if group is None else group.id

    def get_group(
        self, user: Any, user_partition: UserPartition, assign: bool = True
    ) -> Group | None:
        """Return the user's group, or None.

        With `assign`, a user without a group is assigned to one, if the partition can assign.
        Raises NoSuchSegmentation or OtherUser.
        """
        self._check_is_bound(user)
        id, type_ = user_partition.id, user_partition.segmentation.type
        if assign and type_ == EXPERIMENT:
            with suppress(NotAssignable):
                return self._visit.assign(id)
        return next(iter(self._visit.groups(id, type_)), None)

    def _check_is_bound(self, user: Any) -> None:
        user_id = _id_of(user)
        if user_id != self._bound.user_id:
            msg = f"This block may request groups of {self._bound.user_id!r} only, not {user_id!r}."
            raise OtherUser(msg)


def _id_of(user: Any) -> str | None:
    """Return the id of a Django or XBlock user, or None for an anonymous user."""
    id = user.opt_attrs.get(USER_ID) if hasattr(user, "opt_attrs") else getattr(user, "id", None)
    return None if id in (None, "") else str(id)
