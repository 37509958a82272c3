"""The command `write_report COURSE_ID NAME --to FILE`, which writes a report of a course."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xblock_experiments.commands.counting import counting
from xblock_experiments.commands.database import usable_database
from xblock_experiments.commands.files import whole_file
from xblock_experiments.commands.stopping import Stop, Stopped, graceful_stop, until
from xblock_experiments.errors import ExperimentsError
from xblock_experiments.gradebook.report_files import count_rows, write_report_file
from xblock_experiments.gradebook.reports import REPORTS
from xblock_experiments.gradebook.tables import FORMATS


class Command(BaseCommand):
    """The command. The file is complete, or it does not exist."""

    help = "Write a report of a course to a file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("course_id", metavar="COURSE_ID", help="the id of the course")
        parser.add_argument(
            "name", metavar="NAME", choices=REPORTS, help=f"the report: {', '.join(REPORTS)}"
        )
        parser.add_argument(
            "--format", choices=FORMATS, default="csv", help="csv, or json with an object a line"
        )
        parser.add_argument(
            "--bom",
            action="store_true",
            help="begin CSV with the mark by which spreadsheets recognise UTF-8",
        )
        parser.add_argument(
            "--to", type=Path, required=True, metavar="FILE", help="a new file for the report"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["bom"] and options["format"] != "csv":
            msg = "--bom is for CSV only. Leave it out, or choose --format csv."
            raise CommandError(msg)
        path: Path = options["to"]
        try:
            with graceful_stop() as stop:
                count = _write(path, options, stop)
        except Stopped as stopped:
            self.stderr.write(f"Stopped. {path} was not written.")
            sys.exit(stopped.status)
        except ExperimentsError as error:
            msg = f"Cannot write the report {options['name']!r}. {error}"
            raise CommandError(msg) from error
        self.stdout.write(self.style.SUCCESS(f"{path}: {count} rows."))


def _write(path: Path, options: dict[str, Any], stop: Stop) -> int:
    """Write the file, which only its owner may read, and return the number of rows."""
    name, course_id = options["name"], options["course_id"]
    with whole_file(path) as new, usable_database():
        new.touch(mode=0o600)
        on_learner = until(stop, lambda: None)
        total = count_rows(name, course_id, on_learner=on_learner)
        with counting("rows", total=total) as count_one:
            return write_report_file(
                new,
                name,
                course_id,
                format=options["format"],
                with_bom=options["bom"],
                on_row=until(stop, count_one),
                on_learner=on_learner,
            )
