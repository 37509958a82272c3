"""The course `tea`. A test gets its own copy, which it may change."""

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
"""The id of the course's group configuration."""
BOILING, WARM = "Boiling", "Warm"
"""The groups of the experiment `water`, with weights 3 and 1."""
GREEN = "Green leaves turn bitter in boiling water."
BLACK = "Black leaves want the hottest water."

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Tea:
    """A copy of the course."""

    name: str

    @property
    def course_id(self) -> str:
        return f"course-v1:DemoX+{self.name}+2026"

    def usage_id(self, block_type: str, url_name: str) -> str:
        return f"block-v1:DemoX+{self.name}+2026+type@{block_type}+block@{url_name}"

    def new_learner(self, group: str, segmentation: UserSegmentation | None = None) -> str:
        """Return an unused learner whom the segmentation assigns to the group."""
        return next(
            learner
            for learner in map("guest_{}".format, _numbers)
            if self.group_of(learner, segmentation) == group
        )

    def group_of(self, learner: str, segmentation: UserSegmentation | None = None) -> str:
        """Return the name of the learner's group, by default in the segmentation of `water`."""
        segmentation = segmentation or water()
        salt = salt_of(self.course_id, segmentation)
        return choose_group(segmentation.groups, salt, learner).name


def water() -> UserSegmentation:
    (segmentation,) = map(UserSegmentation.from_json, _user_partitions())
    return segmentation


def segmentation(id: int, *groups: str) -> UserSegmentation:
    """Return a segmentation as an author creates it, with groups of equal weight."""
    listed = tuple(Group(number, name) for number, name in enumerate(groups))
    return replace(water(), id=id, groups=listed, parameters={})


def _user_partitions() -> list[Any]:
    course = etree.parse(FOLDER / "course" / "2026.xml").getroot()
    partitions: list[Any] = json.loads(course.get("user_partitions", ""))
    return partitions
