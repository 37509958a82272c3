"""Where the workbench keeps courses that were imported, and those that authors have changed.

What authors make of a course lies beside the imported ones, in a folder of numbered versions, of
which the newest is served in place of the course. So there is a whole one at any moment, and the
course itself is never written to. Whoever deletes that folder has the course again as it was.

Whoever reads a course to serve it, or changes one, holds a lock meanwhile, across processes: who
published an older list of segmentations after a newer one would move learners.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.utils.text import slugify
from filelock import FileLock, Timeout

from xblock_experiments.errors import NotStored
from xblock_experiments.settings.common import setting
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.import_export.exporting import export_course

type Stamp = tuple[Path, int]
"""A folder or an archive, and when it was last replaced."""

_EDITED, _PARTIAL = ".edited", ".partial"
_PATIENCE = 5.0
"""Seconds that one waits for another's change."""
_KEPT = 2
"""Versions. Who has begun to read the one before the last can end."""

_read: dict[Path, Stamp] = {}
"""Sources that this process has read, and what it read of each."""


@contextmanager
def locked() -> Iterator[None]:
    """Raises NotStored where others take too long."""
    folder = imported_folder()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=_PATIENCE):
            yield
    except Timeout as error:
        msg = "Another author's change takes too long. Try again in a moment."
        raise NotStored(msg) from error


def places() -> dict[Path, Stamp]:
    """The courses of the settings, then those imported; and from where each is to be read."""
    folder = imported_folder()
    kept = sorted(folder.iterdir()) if folder.is_dir() else []
    imported = [
        path
        for path in kept
        if path.suffix not in (_EDITED, _PARTIAL) and not path.name.startswith(".")
    ]
    listed = [Path(path) for path in setting("COURSES")]
    return {source: _stamp(source) for source in [*listed, *imported] if source.exists()}


def imported_folder() -> Path:
    return Path(setting("IMPORTED"))


def is_read(source: Path, stamp: Stamp) -> bool:
    return _read.get(source) == stamp


def note_read(source: Path, stamp: Stamp) -> None:
    _read[source] = stamp


def forget_read() -> None:
    _read.clear()


def is_newest(course: CourseBlocks) -> bool:
    """Whether no other process has changed the course since this one read it."""
    return course.origin is None or is_read(course.origin, _stamp(course.origin))


def write(course: CourseBlocks) -> None:
    """Write the course beside where it is kept. One that was not served from anywhere is not."""
    if course.origin is not None:
        new = _edits(course.origin) / _PARTIAL
        shutil.rmtree(new, ignore_errors=True)
        new.parent.mkdir(parents=True, exist_ok=True)
        export_course(course, new)


def put_in_place(course: CourseBlocks) -> None:
    """What was written. Files of the course are served from there from now on."""
    if course.origin is None:
        return
    edits = _edits(course.origin)
    versions = _versions(edits)
    place = edits / str(int(versions[-1].name) + 1 if versions else 1)
    (edits / _PARTIAL).rename(place)
    course.folder = place
    note_read(course.origin, _stamp(course.origin))
    for old in versions[: 1 - _KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def replace(target: Path, folder: Path) -> None:
    """Import a course again: the folder, in place of the old one and of what was made of it."""
    old = target.with_suffix(_PARTIAL)
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    folder.rename(target)
    shutil.rmtree(old, ignore_errors=True)
    shutil.rmtree(_edits(target), ignore_errors=True)


def _stamp(source: Path) -> Stamp:
    versions = _versions(_edits(source))
    place = versions[-1] if versions else source
    return place, place.stat().st_mtime_ns


def _versions(edits: Path) -> list[Path]:
    """Oldest first."""
    found = edits.iterdir() if edits.is_dir() else ()
    return sorted(
        (path for path in found if path.name.isdecimal()), key=lambda path: int(path.name)
    )


def _edits(source: Path) -> Path:
    path = source.absolute()
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
    return imported_folder() / f"{slugify(path.name) or 'course'}-{digest}{_EDITED}"
