"""The gradebook's view of a course: its tree, and what is scored in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from xblock_experiments.blocks.base.guard import result_of
from xblock_experiments.blocks.base.navigation import title_of
from xblock_experiments.blocks.split_test import SplitTestBlock
from xblock_experiments.course_user_segmentation.data import (
    NOT_SELECTED,
    UserSegmentation,
    read_user_partitions,
)
from xblock_experiments.course_user_segmentation.types import EXPERIMENT
from xblock_experiments.gradebook import api as gradebook
from xblock_experiments.gradebook.data import TooManyWays
from xblock_experiments.gradebook.structure import CourseStructure
from xblock_experiments.gradebook.tree import Node, Tree
from xblock_experiments.olx.sentences import Sentence
from xblock_experiments.olx.untrusted import CourseTooLarge
from xblock_experiments.workbench.courses.course import AuthoredBlock, CourseBlocks
from xblock_experiments.workbench.courses.lookup import OneCourse
from xblock_experiments.workbench.hosting.block_types import block_class
from xblock_experiments.workbench.hosting.inherited import value_of
from xblock_experiments.workbench.hosting.runtime import CourseRuntime
from xblock_experiments.workbench.hosting.state import TransientState


def save(course: CourseBlocks, structure: CourseStructure) -> None:
    """Store the course's structure for the gradebook. Raises NotStored."""
    gradebook.save_structure(structure, list(map(str, course.blocks)))


def structure_of(course: CourseBlocks) -> CourseStructure:
    """Return the structure for grading. Only a whole course has sequences.

    Raises CourseTooLarge for a block that stands in too many arms.
    """
    root = course.blocks[course.usage_id]
    if root.type != "course":
        return CourseStructure(course_id=course.course_id)
    segmentations, _ = read_user_partitions(root.fields.get("user_partitions", []))
    maker = _Nodes(course, segmentations)
    tree = Tree(str(course.usage_id), map(maker.node, course.blocks))
    try:
        return tree.structure(course.course_id, course.grading_policy)
    except TooManyWays as error:
        reason = Sentence(
            "The block {block} stands in the content of more than {limit} groups.",
            block=error.usage_id,
            limit=error.limit,
        )
        raise CourseTooLarge(reason) from error


class _Nodes:
    """Makes the nodes of one course's tree."""

    def __init__(self, course: CourseBlocks, segmentations: Iterable[UserSegmentation]) -> None:
        self._course = course
        self._segmentations = {each.id: each for each in segmentations}
        self._runtime = CourseRuntime(None, OneCourse(course), TransientState(None))

    def node(self, usage_id: Any) -> Node:
        authored = self._course.blocks[usage_id]
        settings: dict[str, Any] = {
            "usage_id": str(usage_id),
            "type": authored.type,
            "display_name": authored.fields.get("display_name") or "",
            "children": tuple(map(str, authored.children)),
            "group_access": self._group_access(authored),
            "staff_only": bool(self._own(authored, "visible_to_staff_only")),
            # The workbench opens every course at once.
            "start": self._own(authored, "start") if authored.type != "course" else None,
            "due": self._inherited(usage_id, "due"),
            "format": self._inherited(usage_id, "format") or "",
            "graded": bool(self._inherited(usage_id, "graded")),
        }
        cls = block_class(authored.type)
        if issubclass(cls, SplitTestBlock):
            return Node(**settings, **self._division(authored))
        if getattr(cls, "has_score", False) and not authored.is_placeholder:
            authored.score = authored.score or _score(self._runtime.get_block(usage_id))
            return Node(**{**settings, **authored.score})
        return Node(**settings)

    def _group_access(self, authored: AuthoredBlock) -> dict[int, frozenset[int]]:
        """Return the groups that may see it. As on Open edX, only active segmentations restrict."""
        access = self._own(authored, "group_access") or {}
        found = {id: self._segmentations.get(id) for id in access}
        return {id: access[id] for id, each in found.items() if each and each.active}

    def _division(self, experiment: AuthoredBlock) -> dict[str, Any]:
        """Return which groups are given which child. A segmentation of another type gives none."""
        id = experiment.fields.get("user_partition_id", NOT_SELECTED)
        segmentation = self._segmentations.get(id)
        is_usable = segmentation is None or segmentation.type == EXPERIMENT
        mapping = experiment.fields.get("group_id_to_child", {}) if is_usable else {}
        groups: dict[str, set[int]] = defaultdict(set)
        for group_id, child_id in mapping.items():
            if group_id.isascii() and group_id.isdigit():
                groups[str(child_id)].add(int(group_id))
        found = {child_id: frozenset(ids) for child_id, ids in groups.items()}
        return {"segmentation_id": id, "group_of_child": found}

    def _own(self, authored: AuthoredBlock, name: str) -> Any:
        text = authored.inherited.get(name)
        return None if text is None else value_of(name, text)

    def _inherited(self, usage_id: Any, name: str) -> Any:
        try:
            return value_of(name, self._course.inherited_by(usage_id, name))
        except KeyError:
            return value_of(name, None)


def _score(block: Any) -> dict[str, Any]:
    weight = result_of(lambda: _points(block.weight), None)
    return {
        "is_scored": True,
        "display_name": title_of(block) or block.display_name_with_default,
        "weight": weight,
        "possible": result_of(lambda: _points(block.max_score()), None),
    }


def _points(value: Any) -> float | None:
    """Return the value as points, or None if the block's package gives no usable number."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < float("inf") else None
