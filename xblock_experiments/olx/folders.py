"""The folder of a course inside an unpacked archive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from xblock_experiments.olx.sentences import Sentence
from xblock_experiments.olx.untrusted import LIMITS, InvalidCourse, Limits, is_file, is_folder


def course_folder(folder: Path, limits: Limits = LIMITS) -> Path:
    """Return the course's folder: `folder`, or the highest one below it that has a course.xml.

    Raises InvalidCourse if there is none.
    """
    if not is_folder(folder):
        raise InvalidCourse(Sentence("there is no such folder."), folder.name)
    for number, candidate in enumerate(_folders(folder)):
        if is_file(candidate / "course.xml"):
            return candidate
        if number > limits.files:
            break
    reason = Sentence("it holds no course.xml, so it is not a course export.")
    raise InvalidCourse(reason, folder.name)


def _folders(folder: Path) -> Iterator[Path]:
    """Yield the folder and those below it, level by level. Does not follow links."""
    level = [folder]
    while level:
        yield from level
        entries = (path for each in level for path in sorted(each.iterdir()))
        level = [path for path in entries if path.is_dir() and not path.is_symlink()]
