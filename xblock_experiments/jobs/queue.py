"""The way of a job into the queue of Django's Tasks."""

from __future__ import annotations

from django.utils.module_loading import import_string

from xblock_experiments.errors import MissingExtra

_TASK = "xblock_experiments.jobs.tasks.run"
"""A name and not an import, because only the extra `jobs` installs the tasks of Django 5.2."""


def enqueue(job_id: int) -> None:
    """Let a worker call `running.run` with the job. Raises MissingExtra.

    Call it in the transaction that changes the job's row. The queue is in the same database, so
    both are stored or neither.
    """
    try:
        task = import_string(_TASK)
    except ImportError as error:
        raise MissingExtra(__name__, "jobs", error) from error
    task.enqueue(job_id)
