"""The app of jobs."""

from __future__ import annotations

from typing import Any, ClassVar

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """The store of long work. It runs through Django's Tasks, with the extra `jobs`."""

    name = "xblock_experiments.jobs"
    label = "xblock_experiments_jobs"
    verbose_name = "Long work of experiments"
    default_auto_field = "django.db.models.BigAutoField"
    plugin_app: ClassVar[dict[str, Any]] = {}

    def ready(self) -> None:
        from xblock_experiments import personal_data
        from xblock_experiments.jobs.personal_data import STORE

        personal_data.register(self.name, STORE)
