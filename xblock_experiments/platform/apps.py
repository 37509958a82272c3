"""The app of the import from the platform."""

from __future__ import annotations

from typing import Any, ClassVar

from django.apps import AppConfig


class PlatformConfig(AppConfig):
    """The app that provides the command to import the platform's course tags. It has no models."""

    name = "xblock_experiments.platform"
    label = "xblock_experiments_platform"
    verbose_name = "Import from the platform"
    plugin_app: ClassVar[dict[str, Any]] = {}
