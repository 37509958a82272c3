"""Safe reading of course files, which can come from anywhere.

XML is parsed without entities, paths outside the folder are refused, including links, and all
quantities have limits.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from xblock_experiments.errors import ExperimentsError


class OlxError(ExperimentsError):
    """The base class of errors for courses that cannot be read. Nothing of the course is stored."""


class InvalidCourse(OlxError, ValueError):
    """Raised if the source is not a course export, or is an unsafe one."""


class CourseTooLarge(OlxError, ValueError):
    """Raised if a course exceeds one of the limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of a course's size, so that no file can occupy a reader forever."""

    blocks: int = 30_000
    """The number of blocks as learners meet them: a block in two places counts twice."""
    depth: int = 30
    files: int = 100_000
    bytes: int = 512 * 1024 * 1024
    """The size of all unpacked files together."""
    file_bytes: int = 4 * 1024 * 1024
    """The size of one parsed file."""


LIMITS = Limits()


def read_file(folder: Path, path: str, limits: Limits = LIMITS) -> bytes:
    """Return the file's content. Raises CourseTooLarge, or InvalidCourse for unusable paths.

    Paths that leave the folder, through `..` or a link, are unusable too.
    """
    try:
        root = folder.resolve()
        file = (root / path).resolve()
        if not file.is_relative_to(root):
            msg = f"{path}: it is outside the course."
            raise InvalidCourse(msg)
        if not file.is_file():
            msg = f"{path}: it is missing or not a regular file."
            raise InvalidCourse(msg)
        with file.open("rb") as stream:
            data = stream.read(limits.file_bytes + 1)
    except OlxError:
        raise
    # A link to itself raises RuntimeError, and an impossible path raises ValueError.
    except (OSError, RuntimeError, ValueError) as error:
        msg = f"{path}: it cannot be read: {getattr(error, 'strerror', None) or error}."
        raise InvalidCourse(msg) from error
    if len(data) > limits.file_bytes:
        msg = f"{path}: it has more than {limits.file_bytes} bytes."
        raise CourseTooLarge(msg)
    return data


def parse_xml(data: bytes, file: str, limits: Limits = LIMITS) -> etree._Element:
    """Return the root element. Raises InvalidCourse or CourseTooLarge."""
    if len(data) > limits.file_bytes:
        msg = f"{file}: it has {len(data)} bytes, but only {limits.file_bytes} are allowed."
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
        msg = f"{file}: it declares a document type, which may contain entities; refused."
        raise InvalidCourse(msg)
    return root


def is_file(path: Path) -> bool:
    """Return whether the path is a file. False for impossible paths, such as overlong names."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Return whether the path is a folder. False for impossible paths."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def shown(text: object) -> str:
    """Return the text as one printable line of at most 300 characters."""
    line = "".join(character if character.isprintable() else " " for character in str(text))
    return line if len(line) <= 300 else f"{line[:299]}…"
