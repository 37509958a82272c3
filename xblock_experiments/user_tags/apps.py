"""The app of the store of tags."""

from __future__ import annotations

from typing import Any, ClassVar

from django.apps import AppConfig
from django.core import checks


class UserTagsConfig(AppConfig):
    """The store of tags."""

    name = "xblock_experiments.user_tags"
    label = "xblock_experiments_user_tags"
    verbose_name = "User tags"
    default_auto_field = "django.db.models.BigAutoField"
    plugin_app: ClassVar[dict[str, Any]] = {
        "signals_config": {
            "lms.djangoapp": {
                "relative_path": "retirement",
                "receivers": [
                    {
                        "receiver_func_name": "retire",
                        "signal_path": (
                            "openedx.core.djangoapps.user_api.accounts.signals.USER_RETIRE_LMS_MISC"
                        ),
                    }
                ],
            }
        }
    }

    def ready(self) -> None:
        from xblock_experiments import events, personal_data
        from xblock_experiments.events.checks import check_settings
        from xblock_experiments.user_tags.disclosure import event_tags
        from xblock_experiments.user_tags.personal_data import STORE

        checks.register(check_settings)
        events.contribute(tags=event_tags)
        personal_data.register(self.name, STORE)
