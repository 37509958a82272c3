"""Where the workbench keeps courses that were imported, and those that authors have changed.

A course that the settings list is never written to: what authors make of it is kept beside the
imported ones, and served in its place. Whoever deletes that folder has the listed course again.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from django.utils.text import slugify

from xblock_experiments.settings.common import setting
from xblock_experiments.workbench.course import CourseBlocks
from xblock_experiments.workbench.exporting import export_course

_EDITED, _NEW, _PARTIAL = ".edited", ".new", ".partial"

_read: dict[Path, float] = {}
"""Sources that this process has read, and when the place of each was last replaced."""


def places() -> dict[Path, Path]:
    """The courses of the settings, then those imported; and from where each is to be read."""
    folder = imported_folder()
    kept = sorted(folder.iterdir()) if folder.is_dir() else []
    imported = [path for path in kept if path.suffix not in (_EDITED, _NEW, _PARTIAL)]
    listed = [Path(path) for path in setting("COURSES")]
    found = {source: _place(source) for source in [*listed, *imported]}
    places = {source: place if place.exists() else source for source, place in found.items()}
    return {source: place for source, place in places.items() if place.exists()}


def imported_folder() -> Path:
    return Path(setting("IMPORTED"))


def is_read(source: Path, place: Path) -> bool:
    """Whether this process has read the place since it was last replaced."""
    return _read.get(source) == place.stat().st_mtime


def note_read(source: Path, place: Path) -> None:
    _read[source] = place.stat().st_mtime


def forget_read() -> None:
    _read.clear()


def write(course: CourseBlocks) -> None:
    """Write the course beside where it is kept. One that was not served from anywhere is not."""
    if course.origin is not None:
        new = _place(course.origin).with_suffix(_NEW)
        shutil.rmtree(new, ignore_errors=True)
        new.parent.mkdir(parents=True, exist_ok=True)
        export_course(course, new)


def put_in_place(course: CourseBlocks) -> None:
    """What was written. Files of the course are served from there from now on."""
    if course.origin is not None:
        place = _place(course.origin)
        replace(place, place.with_suffix(_NEW))
        course.folder = place
        note_read(course.origin, place)


def replace(target: Path, folder: Path) -> None:
    """A workbench that runs sees the old course or the new one."""
    old = target.with_suffix(_PARTIAL)
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    folder.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _place(source: Path) -> Path:
    """Where the course is kept when authors have changed it."""
    path = source.absolute()
    if path.parent == imported_folder().absolute():
        return path
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
    return imported_folder() / f"{slugify(path.name) or 'course'}-{digest}{_EDITED}"
