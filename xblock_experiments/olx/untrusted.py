"""Safe reading of course files, which can come from anywhere.

XML is parsed without entities, paths outside the folder are refused, including links, and all
quantities have limits.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from xblock_experiments.olx.errors import CourseTooLarge as CourseTooLarge
from xblock_experiments.olx.errors import InvalidCourse as InvalidCourse
from xblock_experiments.olx.errors import OlxError as OlxError
from xblock_experiments.olx.sentences import Sentence


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
            raise InvalidCourse(Sentence("it is outside the course."), path)
        if not file.is_file():
            raise InvalidCourse(Sentence("it is missing or not a regular file."), path)
        with file.open("rb") as stream:
            data = stream.read(limits.file_bytes + 1)
    except OlxError:
        raise
    # A link to itself raises RuntimeError, and an impossible path raises ValueError.
    except (OSError, RuntimeError, ValueError) as error:
        cause = getattr(error, "strerror", None) or error
        raise InvalidCourse(Sentence("it cannot be read: {error}.", error=cause), path) from error
    if len(data) > limits.file_bytes:
        reason = Sentence("it has more than {limit} bytes.", limit=limits.file_bytes)
        raise CourseTooLarge(reason, path)
    return data


def parse_xml(data: bytes, file: str, limits: Limits = LIMITS) -> etree._Element:
    """Return the root element. Raises InvalidCourse or CourseTooLarge."""
    if len(data) > limits.file_bytes:
        reason = Sentence(
            "it has {bytes} bytes, but only {limit} are allowed.",
            bytes=len(data),
            limit=limits.file_bytes,
        )
        raise CourseTooLarge(reason, file)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        reason = Sentence("it is not well-formed XML: {error}.", error=str(error))
        raise InvalidCourse(reason, file) from error
    if root.getroottree().docinfo.internalDTD is not None:
        reason = Sentence("it declares a document type, which may contain entities; refused.")
        raise InvalidCourse(reason, file)
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
