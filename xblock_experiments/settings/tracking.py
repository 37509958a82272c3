"""What event-tracking reads of Django's settings, where it is installed. The names are its own."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

IS_INSTALLED = find_spec("eventtracking") is not None

APPS = ["eventtracking.django"]

SETTINGS: dict[str, Any] = {
    "EVENT_TRACKING_ENABLED": True,
    "EVENT_TRACKING_BACKENDS": {
        "log": {
            "ENGINE": "eventtracking.backends.logger.LoggerBackend",
            # By default it leaves out what is longer than 1 KB, without a word.
            "OPTIONS": {"name": "xblock_experiments.events", "max_event_size": None},
        },
    },
}
