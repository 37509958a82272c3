"""The app of the re-created table."""

from __future__ import annotations

from django.apps import AppConfig


class PlatformFlowConfig(AppConfig):
    """An app without migrations: the benchmarks create its table."""

    name = "benchmarks.platform_flow"
    label = "benchmarks_platform_flow"
    default_auto_field = "django.db.models.BigAutoField"
