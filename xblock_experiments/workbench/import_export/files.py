"""Writes the blocks of a course into files, as Open edX exports them."""

from __future__ import annotations

from copy import deepcopy
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any

from lxml import etree
from xblock.core import XBlock

from xblock_experiments.olx.export import file_of
from xblock_experiments.olx.untrusted import is_file, is_folder
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.import_export.elements import Element, text_of
from xblock_experiments.workbench.import_export.writing import TextWriter

_NAME_BYTES = 255


class FilesWriter(TextWriter):
    """Writes files: what had one of its own, and structures that are new, get one each."""

    def __init__(self, course: CourseBlocks) -> None:
        super().__init__(course)
        self._files: dict[str, str] = {}
        self._taken: dict[str, str | None] = {"course.xml": None}
        """Text by path, without detours."""
        if course.layout.policy_file is not None:
            self._taken[normpath(course.layout.policy_file)] = None
        self._folders: set[str] = set()
        self.root_attributes: dict[str, str] = {}

    def files(self) -> dict[str, str]:
        """Text by path; `policy.json` is not among them."""
        element = self._at_its_place(self._course.usage_id)
        self._name(element, is_complete=True)
        return {"course.xml": text_of(element), **self._files}

    def _at_its_place(self, usage_id: Any) -> Element:
        if usage_id in self._url_names:
            return super()._at_its_place(usage_id)
        element = super()._at_its_place(usage_id)
        if usage_id == self._course.usage_id:
            self.root_attributes = {
                str(name): str(text) for name, text in element.node.attrib.items()
            }
        if self._has_file(element) and self._put_into_file(element):
            return super()._at_its_place(usage_id)
        if element.is_bare:
            # It is read as the block itself, where there is no file.
            element.set("xblock-family", XBlock.entry_point)
        return element

    def _element(self, usage_id: Any) -> Element:
        element = super()._element(usage_id)
        if element.verbatim is not None:
            for child_id in self._children(usage_id):
                self._at_its_place(child_id)
        if usage_id in self._course.layout.texts and not len(element.node):
            self._put_text_into_file(element, self._course.layout.texts[usage_id])
        return element

    def _is_verbatim(self, usage_id: Any) -> bool:
        return usage_id in self._course.sources

    def _is_kept(self, no_block: etree._Element) -> bool:
        return True

    def _has_file(self, element: Element) -> bool:
        """A bare one would be taken for what points to a file, so it needs one."""
        usage_id, files = element.usage_id, self._course.layout.files
        if usage_id == self._course.usage_id or files.get(usage_id):
            return True
        is_new = usage_id not in files and self._structure(usage_id) is not None
        return is_new or (element.is_bare and "xblock-family" not in element.node.attrib)

    def _put_into_file(self, element: Element) -> bool:
        """Whether it could be: names may be such that no file can have them."""
        usage_id = element.usage_id
        if "url_name" not in element.node.attrib:
            element.set("url_name", self._url_names[usage_id])
        path = file_of(element.node)
        # The pointer has it, and reading puts it at the end.
        if element.verbatim is None or element.node.attrib.keys()[-1] == "url_name":
            element = Element(deepcopy(element.node), element.inner, usage_id=usage_id)
            element.remove("url_name")
        return self._take(path, text_of(element))

    def _put_text_into_file(self, element: Element, path: str) -> None:
        if self._take(path, element.node.text or ""):
            element.set("filename", path.removeprefix("html/").removesuffix(".html"))
            element.node.text = None
        else:
            element.remove("filename")

    def _take(self, path: str, text: str) -> bool:
        """Put the text there. False: that is no place for it."""
        plain = normpath(path)
        is_taken = self._taken.get(plain, text) != text
        if is_taken or not _is_inside(path) or self._is_in_the_way(PurePosixPath(plain)):
            return False
        self._taken[plain] = self._files[path] = text
        self._folders |= _folders_of(PurePosixPath(plain))
        return True

    def _is_in_the_way(self, path: PurePosixPath) -> bool:
        """Whether there are a file and a folder of one name."""
        folders = _folders_of(path)
        if str(path) in self._folders or folders & self._taken.keys():
            return True
        root = self._course.folder
        return root is not None and (
            is_folder(root / path) or any(is_file(root / folder) for folder in folders)
        )


def _is_inside(path: str) -> bool:
    """Whether there can be such a path in a folder."""
    is_short = all(len(name.encode()) <= _NAME_BYTES for name in path.split("/"))
    return is_short and normpath(path).split("/")[0] not in ("", "..")


def _folders_of(path: PurePosixPath) -> set[str]:
    return {str(folder) for folder in path.parents[:-1]}
