"""The app of the store of tags."""

from __future__ import annotations

from typing import Any, ClassVar

from django.apps import AppConfig


class UserTagsConfig(AppConfig):
    """The store of tags."""

    name = "xblock_experiments.user_tags"
    label = "xblock_experiments_user_tags"
    verbose_name = "User tags"
    default_auto_field = "django.db.models.BigAutoField"
    plugin_app: ClassVar[dict[str, Any]] = {}
