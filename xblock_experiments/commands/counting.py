"""Progress of a command that also runs where tqdm is not installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from django.utils.module_loading import import_string

_BAR = "xblock_experiments.commands.progress.progress_bar"
"""A name and not an import, so that the apps of a platform do not need tqdm."""


@contextmanager
def counting(unit: str, *, total: int | None = None) -> Iterator[Callable[[], object]]:
    """Yield a function that counts one more on the bar, up to the total if it is known.

    Without tqdm, the function does nothing.
    """
    if find_spec("tqdm") is None:
        yield lambda: None
        return
    with import_string(_BAR)(unit, total=total, delay=1) as bar:
        yield bar.update
