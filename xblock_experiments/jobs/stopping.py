"""Signals that ask a worker to stop. A job is put back into the queue then."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from xblock_experiments.commands.stopping import Stop, graceful_stop


@contextmanager
def noting_signals() -> Iterator[Stop]:
    """Note a signal, and hand it to the worker's own handler at the end.

    Only the main thread of a process receives signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield Stop()
        return
    try:
        with graceful_stop() as stop:
            yield stop
    finally:
        if stop.signal is not None:
            signal.raise_signal(stop.signal)
