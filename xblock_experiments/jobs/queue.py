"""The way of a job into the queue of Django's Tasks."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.utils.module_loading import import_string

from xblock_experiments.errors import MissingExtra

_TASK = "xblock_experiments.jobs.tasks.run"
"""A name and not an import, because only the extra `jobs` installs the tasks of Django 5.2."""
_QUEUE = "django_tasks_db"
"""The app with the table of the queue."""


def enqueue(job_id: int) -> None:
    """Let a worker call `running.run` with the job. Raises MissingExtra.

    Call it in the transaction that changes the job's row. The queue is in the same database, so
    both are stored or neither.
    """
    try:
        task = import_string(_TASK)
        _check_queue(task.get_backend())
    except ImportError as error:
        raise MissingExtra(__name__, "jobs", error) from error
    task.enqueue(job_id)


def _check_queue(backend: Any) -> None:
    is_used = type(backend).__module__.startswith(f"{_QUEUE}.")
    if is_used and not apps.is_installed(_QUEUE):
        msg = f"{_QUEUE} is not in INSTALLED_APPS"
        raise ImportError(msg, name=_QUEUE)
