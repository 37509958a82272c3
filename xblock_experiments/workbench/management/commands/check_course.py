"""`check_course PATH`: report problems in the experiments of an Open edX course export."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from xblock_experiments.commands.database import usable_database
from xblock_experiments.commands.progress import progress_bar
from xblock_experiments.errors import ExperimentsError
from xblock_experiments.olx.archives import unpack
from xblock_experiments.olx.export import Olx
from xblock_experiments.olx.sentences import shown
from xblock_experiments.workbench.checking import Finding, findings_in
from xblock_experiments.workbench.import_export.reading import read
from xblock_experiments.workbench.storage.structures import structure_of


class Command(BaseCommand):
    """Reads the course as `import_course` does, but stores nothing."""

    help = "Report problems in the experiments of an Open edX course export."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "path", type=Path, metavar="PATH", help="the folder or .tar.gz file of the export"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        with tempfile.TemporaryDirectory() as folder:
            try:
                unpack(path, Path(folder) / "course")
                with usable_database():
                    problems, findings = self._check(Path(folder) / "course")
            except ExperimentsError as error:
                msg = f"Cannot read {path}. {error}"
                raise CommandError(msg) from error
        for problem in problems:
            self.stdout.write(f"not used: {problem}")
        for finding in findings:
            self.stdout.write(shown(finding))
        self._conclude(sum(finding.is_error for finding in findings), len(findings))

    def _check(self, folder: Path) -> tuple[list[str], list[Finding]]:
        # edxval stores a course's videos while the course is read.
        with transaction.atomic(), progress_bar("blocks", delay=1) as bar:
            olx = Olx.open(folder)
            found = read(olx, olx.course_id, progress=lambda count: bar.update(count - bar.n))
            structure_of(found.course)
            transaction.set_rollback(True)
        return found.course.problems, list(findings_in(found))

    def _conclude(self, errors: int, findings: int) -> None:
        if errors:
            msg = f"Errors: {errors}. Warnings: {findings - errors}."
            raise CommandError(msg)
        self.stdout.write(self.style.SUCCESS(f"Errors: 0. Warnings: {findings}."))
