"""Export of the blocks of a course into files, in Open edX's layout."""

from __future__ import annotations

from copy import deepcopy
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any

from lxml import etree
from xblock.core import XBlock

from xblock_experiments.olx.files import file_of, filename_of, path_of
from xblock_experiments.olx.untrusted import is_file, is_folder
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.import_export.elements import Element, text_of
from xblock_experiments.workbench.import_export.writing import TextWriter

_NAME_BYTES = 255


class FilesWriter(TextWriter):
    """Writes one file for each block that had its own file, and for each new structure."""

    def __init__(self, course: CourseBlocks) -> None:
        super().__init__(course)
        self._files: dict[str, str] = {}
        self._taken: dict[str, str | None] = {"course.xml": None}
        """The text of each used path, which is normalised. None if it must not be written."""
        if course.layout.policy_file is not None:
            self._taken[normpath(course.layout.policy_file)] = None
        self._folders: set[str] = set()
        self.root_attributes: dict[str, str] = {}

    def files(self) -> dict[str, str]:
        """Return the text of each file by its path, without `policy.json`."""
        element = self._element_or_pointer(self._course.usage_id)
        self._name(element, is_complete=True)
        return {"course.xml": text_of(element), **self._files}

    def _element_or_pointer(self, usage_id: Any) -> Element:
        if usage_id in self._url_names:
            return super()._element_or_pointer(usage_id)
        element = super()._element_or_pointer(usage_id)
        if usage_id == self._course.usage_id:
            self.root_attributes = {
                str(name): str(text) for name, text in element.node.attrib.items()
            }
        if self._has_file(element) and self._put_into_file(element):
            return super()._element_or_pointer(usage_id)
        if element.is_bare:
            # With this attribute it is read as the block itself, because there is no file.
            element.set("xblock-family", XBlock.entry_point)
        return element

    def _element(self, usage_id: Any) -> Element:
        element = super()._element(usage_id)
        if element.verbatim is not None:
            for child_id in self._course.blocks[usage_id].children:
                self._element_or_pointer(child_id)
        text_file = self._course.blocks[usage_id].text_file
        if text_file is not None and not len(element.node):
            self._put_text_into_file(element, text_file)
        return element

    def _verbatim(self, usage_id: Any) -> str | None:
        return self._course.blocks[usage_id].source

    def _is_exported(self, no_block: etree._Element) -> bool:
        return True

    def _has_file(self, element: Element) -> bool:
        """Return whether the element needs a file. A bare one would be read as a pointer to one."""
        usage_id = element.usage_id
        block = self._course.blocks[usage_id]
        if usage_id == self._course.usage_id or block.file:
            return True
        is_new = block.is_new and self._structure(usage_id) is not None
        return is_new or (element.is_bare and "xblock-family" not in element.node.attrib)

    def _put_into_file(self, element: Element) -> bool:
        """Return whether the element was put into a file. Some names are impossible for files."""
        usage_id = element.usage_id
        if "url_name" not in element.node.attrib:
            element.set("url_name", self._url_names[usage_id])
        path = file_of(element.node)
        # The pointer has the url_name, and the reader sets it as the last attribute.
        if element.verbatim is None or element.node.attrib.keys()[-1] == "url_name":
            element = Element(deepcopy(element.node), element.inner, usage_id=usage_id)
            element.remove("url_name")
        return self._take(path, text_of(element))

    def _put_text_into_file(self, element: Element, path: str) -> None:
        """Put the text into its file. A filename that was read stays, and means the same file."""
        filename = element.node.get("filename") or filename_of(path_of(element.node), path)
        if filename and self._take(path, element.node.text or ""):
            element.set("filename", filename)
            element.node.text = None
        else:
            element.remove("filename")

    def _take(self, path: str, text: str) -> bool:
        """Put the text at the path and return True, or return False if the path is unusable."""
        plain = normpath(path)
        is_taken = self._taken.get(plain, text) != text
        if is_taken or not _is_possible(path) or self._clashes(PurePosixPath(plain)):
            return False
        self._taken[plain] = self._files[path] = text
        self._folders |= _folders_of(PurePosixPath(plain))
        return True

    def _clashes(self, path: PurePosixPath) -> bool:
        """Return whether a file and a folder would have the same path."""
        folders = _folders_of(path)
        if str(path) in self._folders or folders & self._taken.keys():
            return True
        root = self._course.folder
        return root is not None and (
            is_folder(root / path) or any(is_file(root / folder) for folder in folders)
        )


def _is_possible(path: str) -> bool:
    """Return whether the path is valid and inside the folder."""
    is_short = all(len(name.encode()) <= _NAME_BYTES for name in path.split("/"))
    return is_short and normpath(path).split("/")[0] not in ("", "..")


def _folders_of(path: PurePosixPath) -> set[str]:
    return {str(folder) for folder in path.parents[:-1]}
