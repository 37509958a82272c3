"""`export_course COURSE PATH`: write a course of the workbench in Open edX's export format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xblock_experiments.commands.database import usable_database
from xblock_experiments.commands.files import whole_file
from xblock_experiments.errors import ExperimentsError
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.courses.registry import registry
from xblock_experiments.workbench.import_export.exporting import export_archive, export_course
from xblock_experiments.workbench.storage.serving import serve


class Command(BaseCommand):
    """Writes the whole course to PATH. After an error, PATH does not exist."""

    help = "Export a course of the workbench to a folder or .tar.gz file that Open edX can import."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("course", metavar="COURSE", help="the course's name in URLs, or its id")
        parser.add_argument(
            "path", type=Path, metavar="PATH", help="the new folder or .tar.gz file"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        course = _course(options["course"])
        try:
            with whole_file(path) as new:
                _write(course, new, is_archive=path.name.endswith(".tar.gz"))
        except ExperimentsError as error:
            msg = f"Cannot export {course.course_id}. {error}"
            raise CommandError(msg) from error
        self.stdout.write(
            self.style.SUCCESS(
                f"{course.course_id}: {len(course.blocks)} blocks exported to {path}."
            )
        )


def _course(name: str) -> CourseBlocks:
    with usable_database():
        serve()
    courses = registry.courses()
    for course in courses:
        if name in (course.name, course.course_id):
            return course
    names = ", ".join(sorted(course.name for course in courses)) or "none"
    msg = f"Course {name!r} does not exist. Courses in this workbench: {names}."
    raise CommandError(msg)


def _write(course: CourseBlocks, new: Path, *, is_archive: bool) -> None:
    if is_archive:
        with new.open("wb") as file:
            export_archive(course, file)
    else:
        export_course(course, new, may_link=False)
