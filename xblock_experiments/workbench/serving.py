"""The courses that a workbench serves: those of the settings, and those imported from the shell."""

from __future__ import annotations

import logging
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

from django.utils.text import slugify

from xblock_experiments.errors import ExperimentsError, NotStored
from xblock_experiments.settings.common import setting
from xblock_experiments.unpacking import unpack
from xblock_experiments.untrusted import is_file
from xblock_experiments.workbench.course import CourseBlocks
from xblock_experiments.workbench.loading import load
from xblock_experiments.workbench.registry import registry

log = logging.getLogger(__name__)

_lock = threading.Lock()
_served: dict[Path, float] = {}
_unpacked = ExitStack()
"""Folders of archives: their static files are served from there."""


def serve() -> None:
    """Load the courses that are new, or whose folder was replaced since.

    One that cannot be read is logged. One that the database could not store is tried again with the
    next page. What is changed inside a folder shows after a restart.
    """
    with _lock:
        for source in _sources():
            changed = source.stat().st_mtime
            if _served.get(source) == changed:
                continue
            try:
                course = open_course(source)
            except NotStored as error:
                log.error("The course %s is not served yet. %s", source.name, error)
                continue
            except ExperimentsError as error:
                log.error("The course %s is not served. %s", source.name, error)
            else:
                unused = len(course.problems)
                log.info("Serving %s. %d things in it cannot be used.", course.course_id, unused)
            _served[source] = changed


def open_course(source: Path, course_id: str | None = None) -> CourseBlocks:
    """Load a folder or an archive, under a name made from its own. Raises OlxError."""
    name = slugify(source.absolute().name.removesuffix(".gz").removesuffix(".tar")) or "course"
    if not is_file(source):
        return load(source, course_id, name=name)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="course-"))
        unpack(source, Path(folder))
        course = load(Path(folder), course_id, name=name)
        _unpacked.push(stack.pop_all())
        return course


def forget() -> None:
    """Serve nothing, until asked to serve again."""
    _unpacked.close()
    _served.clear()
    registry.clear()


def _sources() -> list[Path]:
    listed = [Path(path) for path in setting("COURSES")]
    folder = Path(setting("IMPORTED"))
    imported = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in [*listed, *imported] if path.exists() and path.suffix != ".partial"]
