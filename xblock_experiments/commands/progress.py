"""Progress bars of commands. They need tqdm, which the extras of these commands install."""

from __future__ import annotations

import sys
from typing import Any

from tqdm import tqdm


def progress_bar(unit: str, *, total: int | None = None, delay: float = 0) -> Any:
    """Return tqdm's bar on standard error. It is hidden if that is not a terminal.

    `delay` is the number of seconds after which the bar appears.
    """
    return tqdm(total=total, unit=f" {unit}", delay=delay, disable=not sys.stderr.isatty())
