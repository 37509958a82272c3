"""The conditions of the measurements."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version

PACKAGES = (
    *("Django", "XBlock", "xblock-sdk", "xblocks-contrib", "psycopg", "mysqlclient"),
    *("numpy", "scipy"),
)


def conditions() -> list[str]:
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return [
        f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}",
        packages,
    ]
