"""The app of the segmentation type `experiment`."""

from __future__ import annotations

from typing import Any, ClassVar

from django.apps import AppConfig


class ExperimentsConfig(AppConfig):
    """The app's configuration. The label has a prefix because Open edX has an app `experiments`."""

    name = "xblock_experiments.experiments"
    label = "xblock_experiments_experiments"
    verbose_name = "Content experiments"
    default_auto_field = "django.db.models.BigAutoField"
    plugin_app: ClassVar[dict[str, Any]] = {}

    def ready(self) -> None:
        from xblock_experiments import personal_data
        from xblock_experiments.experiments.personal_data import STORE

        personal_data.register(self.name, STORE)
