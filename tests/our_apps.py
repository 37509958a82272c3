"""Settings of a site that has this project's apps, as a platform finds them, and no other apps."""

from __future__ import annotations

from importlib.metadata import distribution

INSTALLED_APPS = [
    entry_point.module.removesuffix(".apps")
    for entry_point in distribution("xblock-experiments").entry_points.select(group="lms.djangoapp")
]
