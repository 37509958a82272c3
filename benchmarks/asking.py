"""A block of another package that requests the learner's group, with its runtime."""

from __future__ import annotations

from typing import Any

from opaque_keys.edx.keys import CourseKey
from xblock.core import XBlock
from xblock.fields import ScopeIds

from xblock_experiments.testing import runtime_for


@XBlock.needs("user_segmentation")
class AskingBlock(XBlock):
    """A block with only the methods that are needed to request a group."""


def asking_block(course_id: str, user_id: str) -> Any:
    """Return a new block in a new runtime, as in a request."""
    key = CourseKey.from_string(course_id).make_usage_key("asking", "block")
    return AskingBlock(runtime_for(user_id), scope_ids=ScopeIds(user_id, "asking", key, key))


def segmentation_of(block: Any) -> Any:
    return block.runtime.service(block, "user_segmentation")
