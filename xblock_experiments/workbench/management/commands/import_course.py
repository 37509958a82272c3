"""`import_course PATH`: read an Open edX course export into the workbench."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from xblock_experiments.blocks.experiment.content_sentences import consequences_of
from xblock_experiments.commands.database import usable_database
from xblock_experiments.commands.progress import progress_bar
from xblock_experiments.errors import ExperimentsError
from xblock_experiments.experiments.api import record_content_changes
from xblock_experiments.experiments.data import ContentChange
from xblock_experiments.olx.archives import unpack
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.courses.registry import registry
from xblock_experiments.workbench.hosting.i18n import translations_of
from xblock_experiments.workbench.storage.content_changes import content_changes
from xblock_experiments.workbench.storage.serving import load, name_of, serve
from xblock_experiments.workbench.storage.versions import imported_folder, replace


class Command(BaseCommand):
    """Copies the export into the workbench's own folder, so PATH can be deleted afterwards."""

    help = "Import an Open edX course export (a folder or .tar.gz file) into the workbench."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "path", type=Path, metavar="PATH", help="the folder or .tar.gz file of the export"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        imported = imported_folder()
        imported.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=imported, suffix=".partial") as partial:
            copy = Path(partial) / "course"
            try:
                with usable_database():
                    serve()
                    unpack(path, copy)
                    course, changes = self._load(copy)
            except ExperimentsError as error:
                msg = f"Cannot import {path}. {error}"
                raise CommandError(msg) from error
            replace(imported / name_of(course.course_id), copy)
        for sentence in consequences_of(changes, translations_of()):
            self.stdout.write(self.style.WARNING(sentence))
        self._print_result(course)

    def _load(self, folder: Path) -> tuple[CourseBlocks, list[ContentChange]]:
        """Load the course. Record how it changes what learners of the present course are given."""
        present = {course.course_id: course for course in registry.courses()}
        with progress_bar("blocks", delay=1) as bar, transaction.atomic():
            course = load(folder, progress=lambda count: bar.update(count - bar.n))
            before = present.get(course.course_id, course)
            changes = content_changes(before, course)
            record_content_changes(course.course_id, changes)
        return course, changes

    def _print_result(self, course: CourseBlocks) -> None:
        for problem in course.problems:
            self.stdout.write(problem)
        self.stdout.write(
            self.style.SUCCESS(
                f"{course.course_id}: {len(course.blocks)} blocks imported. "
                f"Problems (listed above): {len(course.problems)}. "
                f"Open /scenario/{course.name}/ in the workbench."
            )
        )
