"""The workbench's settings as on a server, with the re-created platform flow.

Events are made and written as usual, but to /dev/null, because the cost of a console is not
measured.
"""

from __future__ import annotations

import os

from xblock_experiments.settings.workbench import *  # noqa: F403 - theirs, but for what follows
from xblock_experiments.settings.workbench import (
    INSTALLED_APPS,
    LOGGING,
    TEMPLATES,
    XBLOCK_EXPERIMENTS,
)

# With DEBUG, Django would store each query.
DEBUG = False
TEMPLATES[0]["OPTIONS"]["debug"] = False  # type: ignore[index]

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks.platform_flow"]
# No events go through a pipeline; event_context measures its cost separately.
EVENT_TRACKING_ENABLED = False
LOGGING = {
    **LOGGING,
    "handlers": {
        "console": {
            "class": "logging.FileHandler",
            "filename": os.devnull,
            "formatter": "plain",
        }
    },
    "loggers": {
        "xblock_experiments": {"level": "INFO"},
        "benchmarks": {"level": "INFO"},
    },
}
XBLOCK_EXPERIMENTS = {**XBLOCK_EXPERIMENTS, "COURSES": [], "EVENT_LOG": None}
