"""The command `import_user_course_tags SOURCE`, which imports learners' groups and tags."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xblock_experiments.commands.stopping import Stop, graceful_stop
from xblock_experiments.errors import ExperimentsError
from xblock_experiments.platform.tags.data import UnreadableSource
from xblock_experiments.platform.tags.readiness import is_migrated

if TYPE_CHECKING:
    from xblock_experiments.platform.tags.running import Run

_BY_SIGNAL = 128
"""The number that shells add to a signal's number."""


class Command(BaseCommand):
    """The command. It can be repeated, even if interrupted, and leaves existing data unchanged."""

    help = "Import learners' experiment groups and other tags from the platform."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "source",
            metavar="SOURCE",
            help="a database URL, or the path of the table as a CSV file",
        )
        parser.add_argument(
            "--after", type=int, default=0, metavar="ID", help="continue after the row with this id"
        )
        parser.add_argument(
            "--report",
            type=Path,
            metavar="PATH",
            help="a new CSV file for unused rows; with --after, an existing one to append to",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with graceful_stop() as stop:
            run = _new_run(options["after"], stop)
            try:
                self._do(run, options["source"], _report_file(options["report"], options["after"]))
            except ExperimentsError as error:
                msg = f"{error} {_how_to_continue(run, error)}"
                raise CommandError(msg) from error
        if stop.signal:
            self.stderr.write(f"Stopped. {_how_to_continue(run)}")
            sys.exit(_BY_SIGNAL + stop.signal)

    def _do(
        self, run: Run, path_or_url: str, report: AbstractContextManager[TextIO | None]
    ) -> None:
        if not is_migrated():
            msg = "The database schema is not up to date. Run `migrate` first."
            raise CommandError(msg)
        try:
            run.do(path_or_url, report)
        finally:
            for line in run.report.lines():
                self.stdout.write(line)


def _new_run(after: int, stop: Stop) -> Run:
    try:
        from xblock_experiments.platform.tags.running import Run
    except ModuleNotFoundError as error:
        msg = f"{error.name} is not installed. Run: pip install 'xblock-experiments[migration]'"
        raise CommandError(msg) from error
    return Run(after=after, stop=stop)


def _how_to_continue(run: Run, error: ExperimentsError | None = None) -> str:
    if run.has_begun:
        return (
            f"Imported rows are kept. To continue, add --after {run.last_id} to the same command."
        )
    if isinstance(error, UnreadableSource):
        return "Nothing was imported."
    return "No batch is complete yet. Run the same command again."


@contextmanager
def _report_file(path: Path | None, after: int) -> Iterator[TextIO | None]:
    """Open the report for appending if the run continues another one, else only a new file."""
    if path is None:
        yield None
        return
    try:
        if path.exists() and not (path.is_file() and (after or not path.stat().st_size)):
            msg = f"{path} already exists. Choose another path."
            raise CommandError(msg)
        file = path.open("a", encoding="utf-8", errors="backslashreplace", newline="")
    except OSError as error:
        msg = f"Cannot write {path}: {error.strerror}. Choose another path."
        raise CommandError(msg) from error
    with file:
        yield file
