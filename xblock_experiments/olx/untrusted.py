"""Files of courses, which come from anywhere: nothing in them is believed.

XML is read without entities, paths stay inside the folder, links that leave it are not followed,
and there are limits to everything that can be many.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from xblock_experiments.errors import ExperimentsError


class OlxError(ExperimentsError):
    """A course cannot be read; nothing of it was kept."""


class InvalidCourse(OlxError, ValueError):
    """What was given is no course export, or one that tries to do harm."""


class CourseTooLarge(OlxError, ValueError):
    """A course that goes over one of the limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of anything is read, so that no file can keep a reader busy for ever."""

    blocks: int = 30_000
    """As learners meet them: one that stands in two places counts twice."""
    depth: int = 30
    files: int = 100_000
    bytes: int = 512 * 1024 * 1024
    """Of all files of an archive together."""
    file_bytes: int = 4 * 1024 * 1024
    """Of one file that is parsed."""


LIMITS = Limits()


def read_file(folder: Path, path: str, limits: Limits = LIMITS) -> bytes:
    """Raises InvalidCourse, also for a path that leaves the folder, by `..` or by a link."""
    try:
        root = folder.resolve()
        file = (root / path).resolve()
        if not file.is_relative_to(root):
            msg = f"{path}: it leads out of the course."
            raise InvalidCourse(msg)
        if not file.is_file():
            msg = f"{path}: it is missing, or no ordinary file."
            raise InvalidCourse(msg)
        with file.open("rb") as stream:
            data = stream.read(limits.file_bytes + 1)
    except OlxError:
        raise
    # A link to itself is a RuntimeError, what can be no path at all a ValueError.
    except (OSError, RuntimeError, ValueError) as error:
        msg = f"{path}: it cannot be read: {getattr(error, 'strerror', None) or error}."
        raise InvalidCourse(msg) from error
    if len(data) > limits.file_bytes:
        msg = f"{path}: it has more than {limits.file_bytes} bytes."
        raise CourseTooLarge(msg)
    return data


def parse_xml(data: bytes, file: str, limits: Limits = LIMITS) -> etree._Element:
    """Raises InvalidCourse, CourseTooLarge."""
    if len(data) > limits.file_bytes:
        msg = f"{file}: it has {len(data)} bytes, {limits.file_bytes} are allowed."
        raise CourseTooLarge(msg)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        msg = f"{file}: it is not well-formed XML: {error}."
        raise InvalidCourse(msg) from error
    if root.getroottree().docinfo.internalDTD is not None:
        msg = f"{file}: it declares a document type, which may hold entities; refused."
        raise InvalidCourse(msg)
    return root


def is_file(path: Path) -> bool:
    """False also for what can be no path, such as a name of 10,000 characters."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """False also for what can be no path."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def shown(text: object) -> str:
    """One printable line, and not a long one, whatever names are in it."""
    line = "".join(character if character.isprintable() else " " for character in str(text))
    return line if len(line) <= 300 else f"{line[:299]}…"
