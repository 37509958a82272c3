"""`import_user_course_tags SOURCE`: take over learners' groups and tags from the platform."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from xblock_experiments.errors import ExperimentsError
from xblock_experiments.platform.api import import_course_tags
from xblock_experiments.platform.report import Report
from xblock_experiments.platform.sources import opened

_INTERRUPTED = 130


class Command(BaseCommand):
    """May be run again, also after it was cut short: what is here already is left as it is."""

    help = (
        "Take over the groups of experiments, and other tags, that learners have on the platform."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "source", metavar="SOURCE", help="a database's URL, or the table as a CSV file"
        )
        parser.add_argument(
            "--after", type=int, default=0, metavar="ID", help="go on after the row of that id"
        )
        parser.add_argument("--report", type=Path, metavar="PATH", help="a new CSV file")

    def handle(self, *args: Any, **options: Any) -> None:
        self._after = self._last_id = options["after"]
        with _report_file(options["report"]) as file:
            try:
                self._import(options["source"], Report(file))
            except ExperimentsError as error:
                msg = f"{error} {self._how_to_go_on()}"
                raise CommandError(msg) from error
            except KeyboardInterrupt:
                self.stderr.write(f"Stopped. {self._how_to_go_on()}")
                sys.exit(_INTERRUPTED)

    def _import(self, path_or_url: str, report: Report) -> None:
        try:
            with (
                opened(path_or_url, after=self._after) as source,
                closing(import_course_tags(source.rows)) as batches,
                tqdm(total=source.total, unit=" rows", disable=not sys.stderr.isatty()) as bar,
            ):
                for batch in batches:
                    report.add(batch)
                    self._last_id = batch.last_id
                    bar.update(len(batch.judged))
        finally:
            for line in report.lines():
                self.stdout.write(line)

    def _how_to_go_on(self) -> str:
        if self._last_id == self._after:
            return "Nothing was imported."
        return f"What was imported stays. Go on with the same command and --after {self._last_id}."


def _report_file(path: Path | None) -> AbstractContextManager[TextIO | None]:
    if path is None:
        return nullcontext()
    try:
        return path.open("x", encoding="utf-8", newline="")
    except OSError as error:
        msg = f"{path} cannot be made: {error.strerror}. Name another path, where nothing is."
        raise CommandError(msg) from error
