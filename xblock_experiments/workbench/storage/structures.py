"""The gradebook's view of a course: its tree, and what is scored in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from xblock_experiments.blocks.base.guard import result_of
from xblock_experiments.blocks.base.navigation import title_of
from xblock_experiments.blocks.split_test import SplitTestBlock
from xblock_experiments.gradebook import api as gradebook
from xblock_experiments.gradebook.structure import CourseStructure
from xblock_experiments.gradebook.tree import Node, Tree
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
    """Return the structure for grading. Only a whole course has sequences."""
    if course.blocks[course.usage_id].type != "course":
        return CourseStructure(course_id=course.course_id)
    runtime = CourseRuntime(None, OneCourse(course), TransientState(None))
    nodes = (_node(course, usage_id, runtime) for usage_id in course.blocks)
    return Tree(str(course.usage_id), nodes).structure(course.course_id)


def _node(course: CourseBlocks, usage_id: Any, runtime: CourseRuntime) -> Node:
    authored = course.blocks[usage_id]
    own: Mapping[str, Any] = {
        "usage_id": str(usage_id),
        "type": authored.type,
        "display_name": authored.fields.get("display_name") or "",
        "children": tuple(map(str, authored.children)),
        "start": _start(course, usage_id),
        "due": _setting(course, usage_id, "due"),
        "graded": bool(_setting(course, usage_id, "graded")),
    }
    if issubclass(cls := block_class(authored.type), SplitTestBlock):
        return Node(**own, **_division(authored))
    if getattr(cls, "has_score", False) and not authored.is_placeholder:
        return Node(**{**own, **_score(runtime.get_block(usage_id))})
    return Node(**own)


def _start(course: CourseBlocks, usage_id: Any) -> Any:
    """Return the block's own start. The workbench opens every course at once."""
    own = course.blocks[usage_id].inherited.get("start")
    return value_of("start", own) if own and usage_id != course.usage_id else None


def _setting(course: CourseBlocks, usage_id: Any, name: str) -> Any:
    try:
        return value_of(name, course.inherited_by(usage_id, name))
    except KeyError:
        return value_of(name, None)


def _division(experiment: AuthoredBlock) -> dict[str, Any]:
    groups: dict[str, set[int]] = defaultdict(set)
    for group_id, child_id in experiment.fields.get("group_id_to_child", {}).items():
        if group_id.isascii() and group_id.isdigit():
            groups[str(child_id)].add(int(group_id))
    return {
        "segmentation_id": experiment.fields.get("user_partition_id", -1),
        "group_of_child": {child_id: frozenset(ids) for child_id, ids in groups.items()},
    }


def _score(block: Any) -> dict[str, Any]:
    weight = result_of(lambda: _points(block.weight), None)
    return {
        "is_scored": True,
        "display_name": title_of(block) or block.display_name_with_default,
        "weight": weight,
        "possible": result_of(lambda: _points(block.max_score()), None) if weight is None else None,
    }


def _points(value: Any) -> float | None:
    """Return the value as points, or None if the block's package gives no usable number."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < float("inf") else None
