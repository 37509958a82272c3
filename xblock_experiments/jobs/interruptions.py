"""Reasons for which a step of a job ends the attempt at it."""

from __future__ import annotations


class Interruption(Exception):
    """Raised by a step of an attempt that must not go on."""


class Cancelled(Interruption):
    """Raised after somebody has cancelled the job."""


class Overtaken(Interruption):
    """Raised after another process took the job over, since this one gave no sign of life."""


class Stopped(Interruption):
    """Raised after a signal asked this process to stop."""
