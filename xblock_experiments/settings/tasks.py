"""Django settings for tasks, which perform jobs. Django 5.2 has them in a package of its own."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

ARE_IN_DJANGO = find_spec("django.tasks") is not None

APPS = ["django_tasks_db"] if ARE_IN_DJANGO else ["django_tasks", "django_tasks_db"]

TASKS: dict[str, Any] = {
    # the queue is in the database of the jobs, so that both change in one transaction
    "default": {"BACKEND": "django_tasks_db.DatabaseBackend"},
}
