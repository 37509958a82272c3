"""Signals that ask a process to stop after its current step."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_BY_SIGNAL = 128
"""The number that shells add to a signal's number."""


class Stop:
    """The signal that asked the process to stop. A second signal ends the process immediately."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self._came = threading.Event()

    @property
    def is_requested(self) -> bool:
        return self._came.is_set()

    def note(self, number: int, _: object) -> None:
        self.signal = number
        self._came.set()
        signal.signal(number, signal.SIG_DFL)

    def wait(self, seconds: float) -> None:
        """Wait until a signal arrives or the time is over."""
        self._came.wait(seconds)


class Stopped(Exception):
    """Raised between two steps after a signal."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by signal {number}")
        self.status = _BY_SIGNAL + number
        """The status with which shells say that a signal ended a process."""


def until(stop: Stop, count_one: Callable[[], object]) -> Callable[[], None]:
    """Return a function that counts a step, or raises Stopped once a signal has come."""

    def on_step() -> None:
        if stop.is_requested:
            raise Stopped(stop.signal or 0)
        count_one()

    return on_step


@contextmanager
def graceful_stop() -> Iterator[Stop]:
    stop = Stop()
    before = {number: signal.signal(number, stop.note) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
