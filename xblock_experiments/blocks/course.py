"""A course: its outline, and the list of its segmentations."""

from __future__ import annotations

from typing import Any

from xblock.fields import Scope

from xblock_experiments.blocks.fields import JSONList
from xblock_experiments.blocks.outline import OutlineBlock

SEGMENTATIONS = "xblock_experiments.segmentations"
"""What a course publishes to its runtime: `{"user_partitions": [...]}`, its whole list."""


class CourseBlock(OutlineBlock):
    """The root of a course. It owns the course's segmentations."""

    listed_types = frozenset({"chapter", "sequential"})

    user_partitions = JSONList(
        help="The course's segmentations, as Open edX's user partitions.",
        scope=Scope.settings,
        default=[],
    )

    @classmethod
    def parse_xml(cls, node: Any, runtime: Any, keys: Any) -> Any:
        block = super().parse_xml(node, runtime, keys)
        runtime.publish(block, SEGMENTATIONS, {"user_partitions": block.user_partitions})
        return block
