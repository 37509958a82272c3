"""The platform's partition service, with its scheme `random` and its course tags.

The following parts are left out, all in favour of the platform: its course is already in memory,
its event is one line of JSON like ours and goes through no tracking pipeline, and no exposure is
recorded, because the platform has none.
"""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Iterable

from django.contrib.auth.models import User

from benchmarks.platform_flow.models import CourseTag
from xblock_experiments.course_user_segmentation.data import Group, UserSegmentation

log = logging.getLogger(__name__)

_draw = random.Random()  # noqa: S311 - the platform's draw needs no cryptography either


class PartitionService:
    """The partition service of a course. Its answers are cached as long as the request's cache."""

    def __init__(
        self, course_id: str, partitions: Iterable[UserSegmentation], cache: dict[str, int]
    ) -> None:
        self._course_id = course_id
        self._partitions = {partition.id: partition for partition in partitions}
        self._cache = cache

    def group_id(self, user: User, partition_id: int) -> int:
        """Return the user's group id. The group is drawn if the user has none."""
        key = f"PartitionService.{user.pk}.{self._course_id}.{partition_id}"
        if key not in self._cache:
            partition = self._partitions[partition_id]
            self._cache[key] = group_for_user(self._course_id, user, partition).id
        return self._cache[key]


def group_for_user(course_id: str, user: User, partition: UserSegmentation) -> Group:
    """Return the group in the user's tag, or draw a group, overwrite the tag and emit an event."""
    key = key_of(partition.id)
    stored = _get_tag(user, course_id, key)
    if stored is not None:
        return partition.group(int(stored))
    group = _draw.choice(partition.groups)
    _set_tag(user, course_id, key, str(group.id))
    _emit(partition, group)
    return group


def key_of(partition_id: int) -> str:
    return f"xblock.partition_service.partition_{partition_id}"


def _get_tag(user: User, course_id: str, key: str) -> str | None:
    try:
        return CourseTag.objects.get(user=user, course_id=course_id, key=key).value
    except CourseTag.DoesNotExist:
        return None


def _set_tag(user: User, course_id: str, key: str, value: str) -> None:
    tag, _ = CourseTag.objects.get_or_create(user=user, course_id=course_id, key=key)
    tag.value = value
    tag.save()


def _emit(partition: UserSegmentation, group: Group) -> None:
    payload = {
        "group_id": group.id,
        "group_name": group.name,
        "name": "xmodule.partitions.assigned_user_to_partition",
        "partition_id": partition.id,
        "partition_name": partition.name,
    }
    log.info(json.dumps(payload, sort_keys=True))
