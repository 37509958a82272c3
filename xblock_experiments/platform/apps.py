"""The app of what comes from the platform."""

from __future__ import annotations

from typing import Any, ClassVar

from django.apps import AppConfig


class PlatformConfig(AppConfig):
    """The command that imports the platform's course tags. It stores nothing of its own."""

    name = "xblock_experiments.platform"
    label = "xblock_experiments_platform"
    verbose_name = "Import from the platform"
    plugin_app: ClassVar[dict[str, Any]] = {}
