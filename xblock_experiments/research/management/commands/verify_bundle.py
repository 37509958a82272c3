"""The command `verify_bundle PATH --manifest SHA256`, which checks a bundle."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from xblock_experiments.research.api import verify_bundle
from xblock_experiments.research.verify import add_arguments, lines_of


class Command(BaseCommand):
    """The command. It does not use the database."""

    help = "Check a bundle against the hash of its manifest."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        report = verify_bundle(
            options["path"], manifest=options["manifest"], people=options["people"]
        )
        for line in lines_of(report):
            self.stdout.write(line)
        if not report.is_sound:
            sys.exit(1)
