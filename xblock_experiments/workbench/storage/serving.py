"""The courses that a workbench serves: those in its settings, and those that were imported."""

from __future__ import annotations

import logging
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

from django.db import transaction
from django.utils.text import slugify

from xblock_experiments.course_user_segmentation.api import save_segmentations
from xblock_experiments.errors import ExperimentsError, NotStored
from xblock_experiments.olx.archives import unpack
from xblock_experiments.olx.export import Olx
from xblock_experiments.olx.sentences import shown
from xblock_experiments.olx.untrusted import is_file
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.courses.registry import registry
from xblock_experiments.workbench.import_export.reading import Progress, read
from xblock_experiments.workbench.storage import structures, versions

log = logging.getLogger(__name__)

_MAX_LOGGED = 20
"""The maximum number of unusable items of a course that are named in the log."""

_lock = threading.Lock()
_unpacked = ExitStack()
"""The folders of unpacked archives. Their static files are served from there."""


def serve() -> None:
    """Load the courses that are new, or whose folder was replaced since they were loaded.

    Logs courses that cannot be read. Tries courses that the database could not store again at the
    next call. Changes inside a folder take effect after a restart.
    """
    with _lock:
        if any(not versions.is_read(*place) for place in versions.places().items()):
            with versions.locked():
                _serve_new()


def _serve_new() -> None:
    for source, stamp in versions.places().items():
        if versions.is_read(source, stamp):
            continue
        place, _ = stamp
        try:
            course = open_course(place, origin=source)
        except NotStored as error:
            log.error("The course %s is not served yet. %s", source.name, error)
            continue
        except ExperimentsError as error:
            log.error("The course %s is not served. %s", source.name, error)
        else:
            _log_served(course)
            if place != source:
                log.info("It is the edited version of %s, from %s.", source.name, place.parent)
        versions.mark_read(source, stamp)


def _log_served(course: CourseBlocks) -> None:
    """Log that the course is served, and what in it cannot be used."""
    count = len(course.problems)
    log.info("Serving %s. Items that cannot be used: %d.", course.course_id, count)
    for problem in course.problems[:_MAX_LOGGED]:
        log.info("Not used: %s", shown(problem))
    if count > _MAX_LOGGED:
        log.info("Items that are not listed: %d. check_course lists all.", count - _MAX_LOGGED)


def open_course(
    place: Path, course_id: str | None = None, *, origin: Path | None = None
) -> CourseBlocks:
    """Load a folder or an archive. Its file name gives the course its name. Raises OlxError.

    `origin` is the original course if `place` is an edited version of it.
    """
    named = (origin or place).absolute().name
    name = slugify(named.removesuffix(".gz").removesuffix(".tar")) or "course"
    if not is_file(place):
        return load(place, course_id, name=name, origin=origin)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="course-"))
        unpack(place, Path(folder))
        course = load(Path(folder), course_id, name=name, origin=origin)
        _unpacked.push(stack.pop_all())
        return course


def load(
    source: str | Path,
    course_id: str | None = None,
    *,
    name: str | None = None,
    origin: Path | None = None,
    progress: Progress = lambda count: None,
) -> CourseBlocks:
    """Read a course, publish its segmentations, and serve it in this process.

    `source` is a folder or the text of one XML element. Calls `progress` after each block with the
    number of blocks so far. Raises OlxError or SegmentationError, and then changes nothing.
    """
    olx = Olx.open(source, course_id)
    name = registry.name_for(olx.course_id, name or name_of(olx.course_id))
    with transaction.atomic():
        found = read(olx, name, origin=origin, progress=progress)
        if found.segmentations is not None:
            save_segmentations(olx.course_id, found.segmentations)
        structures.save(found.course, structures.structure_of(found.course))
    registry.add(found.course)
    return found.course


def name_of(course_id: str) -> str:
    """Return the course's name in URLs: its id without special characters."""
    return slugify(course_id.removeprefix("course-v1:").replace("+", "-").replace(".", "-"))


def forget() -> None:
    """Serve no courses until `serve` is called again."""
    _unpacked.close()
    versions.forget_read()
    registry.clear()
