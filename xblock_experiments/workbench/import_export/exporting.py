"""Export of courses to OLX that Open edX can import, and that is read here as the same course.

It includes files that belong to no block, such as static files, pages about the course, drafts, and
files that nothing refers to.
"""

from __future__ import annotations

import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from posixpath import normpath
from typing import IO, Any

from lxml import etree

from xblock_experiments.keys.usage import type_of, url_name_of
from xblock_experiments.olx.policy import NAMES_OF_COURSES
from xblock_experiments.olx.values import attribute_of, text_of, value_of
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.import_export.files import FilesWriter
from xblock_experiments.workbench.import_export.writing import TextWriter, UnitWriter

_LARGE = 1 << 20


def export_block(course: CourseBlocks, usage_id: Any) -> str:
    """Return the block with everything inside it, as the text of one XML element."""
    return TextWriter(course).text_of(usage_id)


def export_for_author(course: CourseBlocks, usage_id: Any) -> str:
    """Return the block as the text of one XML element, to be edited and read again."""
    return UnitWriter(course, usage_id).text_of(usage_id)


def export_course(course: CourseBlocks, folder: Path, *, may_link: bool = True) -> None:
    """Write the course into a new folder.

    Copies files that belong to no block. Links large ones instead if `may_link` is true and the
    file system supports it.
    """
    writer = FilesWriter(course)
    files = writer.files()
    if course.layout.policy_file is not None:
        policy = _policy(course, writer.root_attributes)
        files[course.layout.policy_file] = _json(policy)
    course.layout.written = course.layout.written.union(map(normpath, files))
    folder.mkdir()
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())
    for source, path in _other_files(course):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        _copy(source, folder / path, may_link=may_link)


def export_archive(course: CourseBlocks, file: IO[bytes]) -> None:
    """Write the course as a .tar.gz, with all its files in a folder `course`."""
    with tempfile.TemporaryDirectory() as folder, tarfile.open(fileobj=file, mode="w:gz") as tar:
        export_course(course, Path(folder) / "course", may_link=False)
        tar.add(Path(folder) / "course", "course")


def _policy(course: CourseBlocks, attributes: Mapping[str, str]) -> dict[str, Any]:
    """Return the policy without settings of written blocks, because it would override them."""
    layout = course.layout
    root = _name_in_policies(course.usage_id)
    written = {
        _name_in_policies(usage_id)
        for usage_id, block in course.known().items()
        if not block.is_new
    }
    return {
        name: _settings(settings, attributes) if name == root else settings
        for name, settings in layout.policy.items()
        if name == root or name not in written
    }


def _name_in_policies(usage_id: Any) -> str:
    return f"{type_of(usage_id)}/{url_name_of(usage_id)}"


def _settings(policy: Mapping[str, Any], attributes: Mapping[str, str]) -> dict[str, Any]:
    """Return a policy with the current values of its settings, without those that were removed."""
    return {
        name: _setting(attributes[name], was) if _is_attribute(name, was) else was
        for name, was in policy.items()
        if name in attributes or not _is_attribute(name, was)
    }


def _is_attribute(name: str, setting: Any) -> bool:
    """Return whether reading the policy makes the setting an attribute."""
    if name in NAMES_OF_COURSES:
        return False
    with suppress(RecursionError, ValueError):
        etree.Element("course").set(name, attribute_of(setting))
        return True
    return False


def _setting(text: str, was: Any) -> Any:
    return text_of(text) if isinstance(was, str) else value_of(text)


def _json(policy: dict[str, Any]) -> str:
    try:
        return json.dumps(policy, indent=2) + "\n"
    except RecursionError:
        # Without indentation, JSON can be written if it could be read.
        return json.dumps(policy) + "\n"


def _other_files(course: CourseBlocks) -> Iterator[tuple[Path, str]]:
    """Yield the files that belong to no block, each with its path. Skips links."""
    if course.folder is None:
        return
    blocks = course.known().values()
    of_blocks = {file for block in blocks for file in (block.file, block.text_file) if file}
    known = {"course.xml", *map(normpath, of_blocks), *course.layout.written}
    for folder, _, names in os.walk(course.folder):
        for name in sorted(names):
            file = Path(folder) / name
            path = file.relative_to(course.folder).as_posix()
            if path not in known and file.is_file() and not file.is_symlink():
                yield file, path


def _copy(source: Path, target: Path, *, may_link: bool) -> None:
    if may_link and source.stat().st_size >= _LARGE:
        with suppress(OSError):
            os.link(source, target)
            return
    shutil.copyfile(source, target)
