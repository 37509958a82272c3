"""The command `export_user USER_ID`, which writes all data about a user as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xblock_experiments.commands.files import whole_file
from xblock_experiments.errors import ExperimentsError
from xblock_experiments.user_tags.api import export_user


class Command(BaseCommand):
    """The command. It escapes control characters, because blocks' tags may contain any text."""

    help = "Write all data stored about a user as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user_id", metavar="USER_ID", help="the user's id in the runtime")
        parser.add_argument(
            "--output",
            type=Path,
            metavar="PATH",
            help="a new file for the data, instead of standard output",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            export = export_user(options["user_id"])
        except ExperimentsError as error:
            msg = f"Cannot export user {options['user_id']!r}. {error}"
            raise CommandError(msg) from error
        text = _printable(json.dumps(export, indent=2, ensure_ascii=False)) + "\n"
        if options["output"]:
            # Only its owner may read it.
            with whole_file(options["output"]) as new:
                new.touch(mode=0o600)
                new.write_text(text, encoding="utf-8")
        else:
            self.stdout.write(text, ending="")


def _printable(text: str) -> str:
    """Return the same JSON, with control characters and invalid UTF-8 as escapes."""
    return "".join(
        char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text
    )
