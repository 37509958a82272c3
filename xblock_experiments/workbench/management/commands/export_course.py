"""`export_course COURSE PATH`: write a course of the workbench as Open edX exports courses."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from xblock_experiments.errors import ExperimentsError
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.courses.registry import registry
from xblock_experiments.workbench.import_export.exporting import export_archive, export_course
from xblock_experiments.workbench.storage.serving import serve


class Command(BaseCommand):
    """Writes into a new folder beside PATH first, so that PATH holds a whole course or nothing."""

    help = "Write a course of the workbench to a folder or a .tar.gz that Open edX imports."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("course", metavar="COURSE", help="its name in addresses, or its id")
        parser.add_argument("path", type=Path, metavar="PATH", help="the new folder or .tar.gz")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        course = _course(options["course"])
        if path.exists() or path.is_symlink():
            msg = f"{path} exists already. Name a path where nothing is, or remove it first."
            raise CommandError(msg)
        try:
            _write(course, path)
        except ExperimentsError as error:
            msg = f"{course.course_id} cannot be exported. {error}"
            raise CommandError(msg) from error
        except OSError as error:
            msg = f"{path} cannot be written: {error.strerror or error}. Name another path."
            raise CommandError(msg) from error
        self.stdout.write(
            self.style.SUCCESS(f"{course.course_id}: {len(course.types)} blocks are in {path}.")
        )


def _course(name: str) -> CourseBlocks:
    try:
        serve()
    except DatabaseError as error:
        msg = f"The database does not answer as it should ({error}). Run `migrate` first."
        raise CommandError(msg) from error
    courses = registry.courses()
    for course in courses:
        if name in (course.name, course.course_id):
            return course
    names = ", ".join(sorted(course.name for course in courses)) or "none"
    msg = f"There is no course {name!r}. Courses of this workbench: {names}."
    raise CommandError(msg)


def _write(course: CourseBlocks, path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=path.absolute().parent, suffix=".partial") as partial:
        new = Path(partial) / "course"
        if path.name.endswith(".tar.gz"):
            with new.open("wb") as file:
                export_archive(course, file)
        else:
            export_course(course, new, may_link=False)
        new.rename(path)
