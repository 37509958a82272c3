"""The app of the gradebook."""

from __future__ import annotations

from typing import Any, ClassVar

from django.apps import AppConfig


class GradebookConfig(AppConfig):
    """The store of scores, and the reports of courses."""

    name = "xblock_experiments.gradebook"
    label = "xblock_experiments_gradebook"
    verbose_name = "Gradebook"
    default_auto_field = "django.db.models.BigAutoField"
    plugin_app: ClassVar[dict[str, Any]] = {}

    def ready(self) -> None:
        from xblock_experiments import personal_data
        from xblock_experiments.gradebook.jobs import kinds
        from xblock_experiments.gradebook.personal_data import STORE
        from xblock_experiments.jobs.kinds import register

        personal_data.register(self.name, STORE)
        for kind in kinds():
            register(kind)
