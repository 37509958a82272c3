"""`import_course PATH`: read an Open edX course export into the workbench."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from xblock_experiments.errors import ExperimentsError
from xblock_experiments.settings.common import setting
from xblock_experiments.unpacking import unpack
from xblock_experiments.workbench.course import CourseBlocks
from xblock_experiments.workbench.loading import load
from xblock_experiments.workbench.serving import name_of


class Command(BaseCommand):
    """Copies the export to where the workbench serves it from, so PATH may go afterwards."""

    help = "Read an Open edX course export, a folder or a .tar.gz, into the workbench."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, metavar="PATH", help="the folder or .tar.gz")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        name = name_of(path)
        imported = Path(setting("IMPORTED"))
        imported.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=imported, suffix=".partial") as partial:
            copy = Path(partial) / name
            try:
                unpack(path, copy)
                course = self._load(copy, name)
            except ExperimentsError as error:
                raise CommandError(str(error)) from error
            _replace(imported / name, copy)
        self._tell(course)

    def _load(self, folder: Path, name: str) -> CourseBlocks:
        with tqdm(unit=" blocks", delay=1, disable=not sys.stderr.isatty()) as bar:
            return load(folder, name=name, progress=lambda count: bar.update(count - bar.n))

    def _tell(self, course: CourseBlocks) -> None:
        for problem in course.problems:
            self.stdout.write(problem)
        self.stdout.write(
            self.style.SUCCESS(
                f"{course.course_id}: {len(course.types)} blocks, "
                f"{len(course.problems)} problems. Open /scenario/{course.name}/ in the workbench."
            )
        )


def _replace(target: Path, folder: Path) -> None:
    """A workbench that runs sees the old course or the new one."""
    old = target.with_suffix(".partial")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    folder.rename(target)
    shutil.rmtree(old, ignore_errors=True)
