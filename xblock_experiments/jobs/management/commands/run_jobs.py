"""The command `run_jobs`, a worker for jobs that also looks after the jobs of dead workers."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils.crypto import get_random_string

from xblock_experiments.errors import NotStored
from xblock_experiments.jobs.api import recover, remove_files

if TYPE_CHECKING:
    from django_tasks_db.management.commands.db_worker import Worker

_QUEUE = "django_tasks_db"
"""The app that has the queue and the worker for its tasks."""

_PAUSE = 1.0
"""The number of seconds between two looks into the queue."""
_LONGEST_PAUSE = 30.0
"""The maximum of the pause, which doubles each time that the database fails."""
_ROUND = 10.0
"""The number of seconds between two looks for dead workers and old files."""


class Command(BaseCommand):
    """The command. It runs until a signal ends it, and puts its job back then."""

    help = "Work on jobs, such as reports. Takes up the jobs of workers that died."
    _next_round = 0.0

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--until-input-ends",
            action="store_true",
            help="stop when the standard input is closed, for example because its writer ended",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not apps.is_installed(_QUEUE):
            msg = (
                "django_tasks_db is not in INSTALLED_APPS. Install the extra `jobs`, and add it as "
                "docs/reference/jobs.rst describes."
            )
            raise CommandError(msg)
        worker = _new_worker()
        if options["until_input_ends"]:
            threading.Thread(target=_stop_when_input_ends, daemon=True).start()
        pause = _PAUSE
        while worker.running:
            try:
                self._perform_one(worker)
                pause = _PAUSE
            except (NotStored, DatabaseError, InterfaceError) as error:
                self.stderr.write(f"The database failed, the worker goes on: {str(error).strip()}")
                close_old_connections()
                pause = min(2 * pause, _LONGEST_PAUSE)
            if worker.running:
                time.sleep(pause)

    def _perform_one(self, worker: Worker) -> None:
        if time.monotonic() >= self._next_round:
            self._look_after_jobs()
            self._next_round = time.monotonic() + _ROUND
        worker.run()

    def _look_after_jobs(self) -> None:
        if count := recover():
            self.stdout.write(f"Interrupted jobs that were taken up or ended: {count}.")
        remove_files()


def _new_worker() -> Worker:
    """Return a worker for one task at a time, which handles the signals of this process.

    A signal within a task clears its attribute `running`. At other times it ends the process.
    """
    from django_tasks_db.compat import DEFAULT_TASK_BACKEND_ALIAS, DEFAULT_TASK_QUEUE_NAME
    from django_tasks_db.management.commands.db_worker import Worker

    # It logs each look into the queue. The tasks themselves have another log.
    logging.getLogger(_QUEUE).setLevel(logging.ERROR)
    worker = Worker(
        queue_names=[DEFAULT_TASK_QUEUE_NAME],
        interval=_PAUSE,
        batch=True,
        backend_name=DEFAULT_TASK_BACKEND_ALIAS,
        startup_delay=False,
        max_tasks=1,
        worker_id=get_random_string(32),
        excluded_queue_names=[],
    )
    worker.configure_signals()
    return worker


def _stop_when_input_ends() -> None:
    # The file itself and not `sys.stdin`, whose lock would stop the interpreter from exiting.
    try:
        while os.read(sys.stdin.fileno(), 1024):
            pass
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
