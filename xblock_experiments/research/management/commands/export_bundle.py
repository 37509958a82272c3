"""The command `export_bundle COURSE_ID --to PATH`, which writes a bundle for researchers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xblock_experiments.commands.counting import counting
from xblock_experiments.commands.database import usable_database
from xblock_experiments.commands.stopping import Stopped, graceful_stop, until
from xblock_experiments.errors import ExperimentsError
from xblock_experiments.research.api import export_bundle, read_key
from xblock_experiments.research.bundle import Bundle


class Command(BaseCommand):
    """The command. The bundle is complete, or it does not exist."""

    help = "Write all data of a course, with pseudonyms in place of user ids."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("course_id", metavar="COURSE_ID", help="the id of the course")
        parser.add_argument(
            "--to",
            type=Path,
            required=True,
            metavar="PATH",
            help="a new folder, or a new archive if it ends in .zip",
        )
        parser.add_argument(
            "--key-file",
            type=Path,
            metavar="FILE",
            help="the file of the secret key (default: that of the setting RESEARCH_KEY_FILE)",
        )
        parser.add_argument(
            "--people",
            type=Path,
            metavar="FILE",
            help="a new file for pseudonyms and user ids, which stays with you",
        )
        parser.add_argument(
            "--parquet", action="store_true", help="write the tables as Parquet too"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["to"]
        try:
            with graceful_stop() as stop, counting("rows") as count_one, usable_database():
                bundle = _export(options, until(stop, count_one), until(stop, _go_on))
        except Stopped as stopped:
            self.stderr.write(f"Stopped. {path} was not written.")
            sys.exit(stopped.status)
        except ExperimentsError as error:
            msg = f"Cannot export {options['course_id']!r}. {error}"
            raise CommandError(msg) from error
        self.stdout.write(self.style.SUCCESS(f"{path}: {bundle.rows:,} rows."))
        self.stdout.write(f"The SHA-256 of its manifest is\n{bundle.manifest}")


def _go_on() -> None:
    """Count nothing."""


def _export(
    options: dict[str, Any], on_row: Callable[[], None], on_wait: Callable[[], None]
) -> Bundle:
    return export_bundle(
        options["course_id"],
        options["to"],
        key=read_key(options["key_file"]),
        people=options["people"],
        with_parquet=options["parquet"],
        on_row=on_row,
        on_wait=on_wait,
    )
