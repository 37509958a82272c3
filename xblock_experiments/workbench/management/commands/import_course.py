"""`import_course PATH`: read an Open edX course export into the workbench."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from tqdm import tqdm

from xblock_experiments.errors import ExperimentsError
from xblock_experiments.olx.archives import unpack
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.storage.serving import load, name_of, serve
from xblock_experiments.workbench.storage.versions import imported_folder, replace


class Command(BaseCommand):
    """Copies the export to where the workbench serves it from, so PATH may go afterwards."""

    help = "Read an Open edX course export, a folder or a .tar.gz, into the workbench."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, metavar="PATH", help="the folder or .tar.gz")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        imported = imported_folder()
        imported.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=imported, suffix=".partial") as partial:
            copy = Path(partial) / "course"
            try:
                serve()
                unpack(path, copy)
                course = self._load(copy)
            except ExperimentsError as error:
                msg = f"{path} cannot be imported. {error}"
                raise CommandError(msg) from error
            except DatabaseError as error:
                msg = f"The database does not answer as it should ({error}). Run `migrate` first."
                raise CommandError(msg) from error
            replace(imported / name_of(course.course_id), copy)
        self._tell(course)

    def _load(self, folder: Path) -> CourseBlocks:
        with tqdm(unit=" blocks", delay=1, disable=not sys.stderr.isatty()) as bar:
            return load(folder, progress=lambda count: bar.update(count - bar.n))

    def _tell(self, course: CourseBlocks) -> None:
        for problem in course.problems:
            self.stdout.write(problem)
        self.stdout.write(
            self.style.SUCCESS(
                f"{course.course_id}: {len(course.types)} blocks. "
                f"Named above: {len(course.problems)} things that could not be used. "
                f"Open /scenario/{course.name}/ in the workbench."
            )
        )
