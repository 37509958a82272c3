"""Django settings that event-tracking reads, if it is installed. It defines the names."""

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
            # By default, the logger silently drops events longer than 1 KB.
            "OPTIONS": {"name": "xblock_experiments.events", "max_event_size": None},
        },
    },
}
