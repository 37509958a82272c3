"""The services that a block requests from its runtime.

The scopes, the field and the protocols need no Django setup. The services need Django and the apps,
so they are imported on first access.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from xblock_experiments.keys.scope import COURSE, GLOBAL, Scope

if TYPE_CHECKING:
    from xblock_experiments.services.partitions import PartitionService
    from xblock_experiments.services.protocols import UserInfoProtocol, UserSegmentationProtocol
    from xblock_experiments.services.segmentation_staff import SegmentationStaffService
    from xblock_experiments.services.user_info import UserInfoService
    from xblock_experiments.services.user_info_field import UserInfoField
    from xblock_experiments.services.user_segmentation import UserSegmentationService
    from xblock_experiments.services.user_tags import UserTagsService

__all__ = [
    "COURSE",
    "GLOBAL",
    "PartitionService",
    "Scope",
    "SegmentationStaffService",
    "UserInfoField",
    "UserInfoProtocol",
    "UserInfoService",
    "UserSegmentationProtocol",
    "UserSegmentationService",
    "UserTagsService",
]

_MODULES = {
    "PartitionService": "partitions",
    "SegmentationStaffService": "segmentation_staff",
    "UserInfoField": "user_info_field",
    "UserInfoProtocol": "protocols",
    "UserInfoService": "user_info",
    "UserSegmentationProtocol": "protocols",
    "UserSegmentationService": "user_segmentation",
    "UserTagsService": "user_tags",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
