"""The workbench's settings, as a server runs them, with the re-created platform flow beside.

Events are made and written as always, but to nowhere: what a console costs is its own.
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

# Otherwise Django keeps each query that was asked.
DEBUG = False
TEMPLATES[0]["OPTIONS"]["debug"] = False  # type: ignore[index]

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks.platform_flow"]
# Neither ours nor theirs goes through a pipeline; what one costs is measured by itself.
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
