"""The task of Django that works on a job. The name of Django's module depends on its version.

Nothing imports this module before a job is enqueued, so the app needs no tasks until then.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from xblock_experiments.jobs import running
from xblock_experiments.settings.tasks import ARE_IN_DJANGO

_TASKS = "django.tasks" if ARE_IN_DJANGO else "django_tasks"
_task: Callable[[Callable[[int], None]], Any] = import_module(_TASKS).task


@_task
def run(job_id: int) -> None:
    """Work on the job, unless it is taken or over."""
    running.run(job_id)
