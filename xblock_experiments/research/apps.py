"""The app of bundles for researchers."""

from __future__ import annotations

from typing import Any, ClassVar

from django.apps import AppConfig


class ResearchConfig(AppConfig):
    """The app of the commands `export_bundle` and `verify_bundle`, and of a kind of jobs.

    It has no models.
    """

    name = "xblock_experiments.research"
    label = "xblock_experiments_research"
    verbose_name = "Research"
    plugin_app: ClassVar[dict[str, Any]] = {}

    def ready(self) -> None:
        from xblock_experiments.jobs.kinds import register
        from xblock_experiments.research.jobs import BUNDLE

        register(BUNDLE)
