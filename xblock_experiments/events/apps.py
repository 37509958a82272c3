"""The app of the outbox, which stores events until they are sent to other systems."""

from __future__ import annotations

from typing import Any, ClassVar

from django.apps import AppConfig
from django.core import checks


class EventsConfig(AppConfig):
    """The outbox. Events are emitted without this app too, but not sent to other systems."""

    name = "xblock_experiments.events"
    label = "xblock_experiments_events"
    verbose_name = "Events of experiments"
    default_auto_field = "django.db.models.BigAutoField"
    plugin_app: ClassVar[dict[str, Any]] = {}

    def ready(self) -> None:
        from xblock_experiments import personal_data
        from xblock_experiments.events.checks import check_settings
        from xblock_experiments.events.personal_data import STORE

        checks.register(check_settings)
        personal_data.register(self.name, STORE)
