"""The workbench's settings, with a member of staff and a strict policy on request."""

from __future__ import annotations

from xblock_experiments.settings.workbench import *  # noqa: F403 - but for what follows
from xblock_experiments.settings.workbench import MIDDLEWARE, XBLOCK_EXPERIMENTS

XBLOCK_EXPERIMENTS = {**XBLOCK_EXPERIMENTS, "STAFF": ["teacher"]}
MIDDLEWARE = [*MIDDLEWARE, "acceptance.policy.obey_policy"]
