"""The workbench's settings, with a user who is staff."""

from __future__ import annotations

from xblock_experiments.settings.workbench import *  # noqa: F403 - but for what follows
from xblock_experiments.settings.workbench import XBLOCK_EXPERIMENTS

XBLOCK_EXPERIMENTS = {**XBLOCK_EXPERIMENTS, "STAFF": ["teacher"]}
