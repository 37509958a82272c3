"""Storage of courses that were imported, and of courses that authors have changed.

The edited versions of a course are in a numbered folder each, beside the imported courses. The
newest is served in place of the course. A complete version exists at any time, and the original is
never changed. Delete the folder of versions to serve the original again.

A process holds a lock while it reads courses to serve them, or changes one. Otherwise a process
could publish an older list of segmentations after a newer one, which would move learners.
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
"""A folder or an archive, and the time when it was last replaced, in nanoseconds."""

_EDITED, _PARTIAL = ".edited", ".partial"
_LOCK_TIMEOUT = 5.0
"""Seconds to wait for another process."""
_MAX_VERSIONS = 2
"""The number of versions that are kept. A process may still be reading the one before the last."""

_read: dict[Path, Stamp] = {}
"""The sources that this process has read, each with its stamp at that time."""


@contextmanager
def locked() -> Iterator[None]:
    """Hold the lock of all processes. Raises NotStored if another process holds it for too long."""
    folder = imported_folder()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=_LOCK_TIMEOUT):
            yield
    except Timeout as error:
        msg = "Another author's change takes too long. Try again in a moment."
        raise NotStored(msg) from error


def places() -> dict[Path, Stamp]:
    """Return the sources with their stamps: first those in the settings, then the imported ones."""
    folder = imported_folder()
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    imported = [
        path
        for path in found
        if path.suffix not in (_EDITED, _PARTIAL) and not path.name.startswith(".")
    ]
    listed = [Path(path) for path in setting("COURSES")]
    return {source: _stamp(source) for source in [*listed, *imported] if source.exists()}


def imported_folder() -> Path:
    return Path(setting("IMPORTED"))


def is_read(source: Path, stamp: Stamp) -> bool:
    return _read.get(source) == stamp


def mark_read(source: Path, stamp: Stamp) -> None:
    _read[source] = stamp


def forget_read() -> None:
    _read.clear()


def is_newest(course: CourseBlocks) -> bool:
    """Return False if another process has changed the course since this one read it."""
    return course.origin is None or is_read(course.origin, _stamp(course.origin))


def write(course: CourseBlocks) -> None:
    """Write a new version, which is not served yet. Does nothing for a course without an origin."""
    if course.origin is not None:
        new = _edits(course.origin) / _PARTIAL
        shutil.rmtree(new, ignore_errors=True)
        new.parent.mkdir(parents=True, exist_ok=True)
        export_course(course, new)


def activate(course: CourseBlocks) -> None:
    """Make the written version the newest one, from which the course's files are now served."""
    if course.origin is None:
        return
    edits = _edits(course.origin)
    versions = _versions(edits)
    place = edits / str(int(versions[-1].name) + 1 if versions else 1)
    (edits / _PARTIAL).rename(place)
    course.folder = place
    mark_read(course.origin, _stamp(course.origin))
    for old in versions[: 1 - _MAX_VERSIONS]:
        shutil.rmtree(old, ignore_errors=True)


def replace(target: Path, folder: Path) -> None:
    """Move the folder of an imported course to `target`.

    Replaces the course that was imported there before, and deletes its edited versions.
    """
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
    """Return the folders of the versions, oldest first."""
    found = edits.iterdir() if edits.is_dir() else ()
    return sorted(
        (path for path in found if path.name.isdecimal()), key=lambda path: int(path.name)
    )


def _edits(source: Path) -> Path:
    path = source.absolute()
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
    return imported_folder() / f"{slugify(path.name) or 'course'}-{digest}{_EDITED}"
