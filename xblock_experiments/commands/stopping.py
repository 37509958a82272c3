"""Signals that ask a process to stop, which it does once what it is at is done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Which signal came. A second one ends the process at once."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self._came = threading.Event()

    @property
    def is_asked(self) -> bool:
        return self._came.is_set()

    def note(self, number: int, _: object) -> None:
        self.signal = number
        self._came.set()
        signal.signal(number, signal.SIG_DFL)

    def wait(self, seconds: float) -> None:
        """Until a signal comes, or for so long."""
        self._came.wait(seconds)


@contextmanager
def stopping_gently() -> Iterator[Stop]:
    stop = Stop()
    before = {number: signal.signal(number, stop.note) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
