"""What a block asks its runtime for."""

from __future__ import annotations

from xblock_experiments.services.scope import COURSE, GLOBAL, Scope
from xblock_experiments.services.user_info import UserInfoService
from xblock_experiments.services.user_segmentation import UserSegmentationService

__all__ = ["COURSE", "GLOBAL", "Scope", "UserInfoService", "UserSegmentationService"]
