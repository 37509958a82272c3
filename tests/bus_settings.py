"""Settings of a process that sends events and that a test kills."""

from __future__ import annotations

from xblock_experiments.settings.workbench import *  # noqa: F403
from xblock_experiments.settings.workbench import XBLOCK_EXPERIMENTS

EVENT_BUS_PRODUCER = "tests.listeners.Killer"
XBLOCK_EXPERIMENTS = {**XBLOCK_EXPERIMENTS, "OUTBOX": ["bus"]}
