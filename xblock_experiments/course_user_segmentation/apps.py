"""The app of the store of segmentations."""

from __future__ import annotations

from typing import Any, ClassVar

from django.apps import AppConfig


class CourseUserSegmentationConfig(AppConfig):
    """The store of segmentations and memberships."""

    name = "xblock_experiments.course_user_segmentation"
    label = "xblock_experiments_course_user_segmentation"
    verbose_name = "Course user segmentation"
    default_auto_field = "django.db.models.BigAutoField"
    plugin_app: ClassVar[dict[str, Any]] = {}

    def ready(self) -> None:
        from xblock_experiments import events, personal_data
        from xblock_experiments.course_user_segmentation.personal_data import STORE
        from xblock_experiments.course_user_segmentation.standings import get_groups_of

        events.contribute(groups=get_groups_of)
        personal_data.register(self.name, STORE)
