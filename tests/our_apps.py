"""Settings of a site that has our apps, as a platform finds them, and nobody else's."""

from __future__ import annotations

from importlib.metadata import distribution

INSTALLED_APPS = [
    entry_point.module.removesuffix(".apps")
    for entry_point in distribution("xblock-experiments").entry_points.select(group="lms.djangoapp")
]
