"""The command `run_jobs`, a worker for jobs that also looks after the jobs of dead workers."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import Any

from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError, CommandParser

from xblock_experiments.jobs.api import recover, remove_files
from xblock_experiments.jobs.stopping import is_stopping

_WORKER = "db_worker"
"""The command of django-tasks-db that performs tasks."""
_PAUSE = 1.0
"""The number of seconds between two looks into the queue."""
_ROUND = 10.0
"""The number of seconds between two looks for dead workers and old files."""


class Command(BaseCommand):
    """The command. It runs until a signal ends it, and puts its job back then."""

    help = "Work on jobs, such as reports. Takes up the jobs of workers that died."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--until-input-ends",
            action="store_true",
            help="stop when the standard input is closed, for example because its writer ended",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if _WORKER not in get_commands():
            msg = (
                "django_tasks_db is not in INSTALLED_APPS. Install the extra `jobs`, and add it as "
                "docs/reference/jobs.rst describes."
            )
            raise CommandError(msg)
        if options["until_input_ends"]:
            threading.Thread(target=_stop_when_input_ends, daemon=True).start()
        next_round = 0.0
        while not is_stopping():
            if time.monotonic() >= next_round:
                self._look_after_jobs()
                next_round = time.monotonic() + _ROUND
            # At most one task, so that a signal is noticed between two. Its log of each look into
            # the queue is left out. Jobs log their own failures.
            call_command(
                _WORKER, batch=True, max_tasks=1, reload=False, startup_delay=False, verbosity=0
            )
            if not is_stopping():
                time.sleep(_PAUSE)

    def _look_after_jobs(self) -> None:
        if count := recover():
            self.stdout.write(f"Interrupted jobs that were taken up or ended: {count}.")
        remove_files()


def _stop_when_input_ends() -> None:
    # The file itself and not `sys.stdin`, whose lock would stop the interpreter from exiting.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
