"""Calls of other packages' code, which may raise anything.

No other module catches all exceptions.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from xblock_experiments.errors import ExperimentsError, NotStored

log = logging.getLogger(__name__)


class Failed(ExperimentsError):
    """Raised in place of an error in another package's code. That error is its `error`."""

    def __init__(self, error: Exception) -> None:
        super().__init__(_text_of(error))
        self.error = error


@contextmanager
def guarded(*passed: type[Exception]) -> Iterator[None]:
    """Run code of another package. Raises Failed for every error, except those in `passed`."""
    try:
        yield
    except Exception as error:
        if isinstance(error, (Failed, *passed)):
            raise
        raise Failed(error) from error


def result_of[T](call: Callable[[], T], otherwise: T) -> T:
    """Return the result of the call, or else log its error and return the other value.

    Raises NotStored, because then the whole page cannot be shown.
    """
    try:
        with guarded(NotStored):
            return call()
    except Failed:
        log.exception("A block of another package failed. Its page goes on without the value.")
        return otherwise


def _text_of(error: Exception) -> str:
    """Return the error's text in one line, or the name of its class if it has none."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - an error may fail to describe itself
        text = ""
    return text or type(error).__name__
