"""Test blocks of invented types that use the services, and a runtime for them."""

from __future__ import annotations

from typing import Any

from opaque_keys.edx.keys import CourseKey
from xblock.core import XBlock
from xblock.fields import ScopeIds

from tests.builders import COURSE_ID
from xblock_experiments.services import UserInfoService, UserSegmentationService
from xblock_experiments.testing import runtime_for


@XBlock.needs("user_segmentation", "user_info")
class ServiceUser(XBlock):
    """A block of another package."""


def block(
    user_id: str | None = "ann",
    *,
    course_id: str = COURSE_ID,
    block_type: str = "hint",
    runtime: Any = None,
    block_class: type[XBlock] = ServiceUser,
) -> Any:
    """Return a block in the given runtime, or in the runtime of a new request."""
    key = CourseKey.from_string(course_id).make_usage_key(block_type, "some_block")
    ids = ScopeIds(user_id, block_type, key, key)
    return block_class(runtime or runtime_for(user_id), scope_ids=ids)


def user_segmentation(user_id: str | None = "ann", **where: Any) -> UserSegmentationService:
    asking = block(user_id, **where)
    service: UserSegmentationService = asking.runtime.service(asking, "user_segmentation")
    return service


def user_info(user_id: str | None = "ann", **where: Any) -> UserInfoService:
    asking = block(user_id, **where)
    service: UserInfoService = asking.runtime.service(asking, "user_info")
    return service
