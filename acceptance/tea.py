"""The course `tea`, of which a test has a copy of its own, so that it may change it."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, replace
from typing import Any

from lxml import etree

from acceptance.server import REPOSITORY
from xblock_experiments.course_user_segmentation.data import Group, UserSegmentation
from xblock_experiments.experiments.assignment import choose_group, salt_of

FOLDER = REPOSITORY / "acceptance" / "courses" / "tea"
TEACHER = "teacher"
WATER = 500
"""The id of its group configuration."""
BOILING, WARM = "Boiling", "Warm"
"""The groups of the experiment `water`, three to one."""
GREEN = "Green leaves turn bitter in boiling water."
BLACK = "Black leaves want the hottest water."

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Tea:
    """One copy of the course."""

    name: str

    @property
    def course_id(self) -> str:
        return f"course-v1:DemoX+{self.name}+2026"

    def usage_id(self, block_type: str, url_name: str) -> str:
        return f"block-v1:DemoX+{self.name}+2026+type@{block_type}+block@{url_name}"

    def new_learner(self, group: str, segmentation: UserSegmentation | None = None) -> str:
        """One whom no other test has, and whom the segmentation puts into the group."""
        return next(
            learner
            for learner in map("guest_{}".format, _numbers)
            if self.group_of(learner, segmentation) == group
        )

    def group_of(self, learner: str, segmentation: UserSegmentation | None = None) -> str:
        """Without a segmentation, of `water`'s."""
        segmentation = segmentation or water()
        salt = salt_of(self.course_id, segmentation)
        return choose_group(segmentation.groups, salt, learner).name


def water() -> UserSegmentation:
    (segmentation,) = map(UserSegmentation.from_json, _user_partitions())
    return segmentation


def segmentation(id: int, *groups: str) -> UserSegmentation:
    """One that an author has made, of groups of the same weight."""
    listed = tuple(Group(number, name) for number, name in enumerate(groups))
    return replace(water(), id=id, groups=listed, parameters={})


def _user_partitions() -> list[Any]:
    course = etree.parse(FOLDER / "course" / "2026.xml").getroot()
    partitions: list[Any] = json.loads(course.get("user_partitions", ""))
    return partitions
