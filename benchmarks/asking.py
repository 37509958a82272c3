"""A block of another package that asks for the learner's group, and its runtime."""

from __future__ import annotations

from typing import Any

from opaque_keys.edx.keys import CourseKey
from xblock.core import XBlock
from xblock.fields import ScopeIds

from xblock_experiments.testing import runtime_for


@XBlock.needs("user_segmentation")
class AskingBlock(XBlock):
    """Nothing but what asking needs."""


def asking_block(course_id: str, user_id: str) -> Any:
    """A fresh one in a fresh runtime, as a request has."""
    key = CourseKey.from_string(course_id).make_usage_key("asking", "block")
    return AskingBlock(runtime_for(user_id), scope_ids=ScopeIds(user_id, "asking", key, key))


def segmentation_of(block: Any) -> Any:
    return block.runtime.service(block, "user_segmentation")
