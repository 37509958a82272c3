"""The app of retired users."""

from __future__ import annotations

from typing import Any, ClassVar

from django.apps import AppConfig


class RetiredConfig(AppConfig):
    """The list of retired users. All stores of personal data need it."""

    name = "xblock_experiments.retired"
    label = "xblock_experiments_retired"
    verbose_name = "Retired users of experiments"
    default_auto_field = "django.db.models.BigAutoField"
    plugin_app: ClassVar[dict[str, Any]] = {}
