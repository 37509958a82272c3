"""The elements of a course's blocks, line by line.

A block that is no structure and was not changed since it was read is written as it was. Where a
block stands for the second time, only what points to it is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any

from lxml import etree
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey
from xblock.core import XBlock

from xblock_experiments.blocks.base.structure import Structure
from xblock_experiments.keys.usage import made_up_name, url_name_of
from xblock_experiments.olx.export import NO_BLOCKS, file_of, is_bare
from xblock_experiments.olx.untrusted import Limits, is_file, is_folder, parse_xml
from xblock_experiments.workbench.courses.course import CourseBlocks

_NAME_BYTES = 255
_WITHOUT_LIMIT = Limits(file_bytes=1 << 40)
_GONE = object()
"""Stands for children that are none any more."""


@dataclass(slots=True)
class Element:
    """A block's element, and the lines that stand in it."""

    node: etree._Element
    inner: list[str] = field(default_factory=list)
    verbatim: str | None = None
    """The text of one that is written as it was read."""
    usage_id: Any = None
    """None: it is no block."""

    def lines(self) -> list[str]:
        text = self.verbatim or etree.tostring(self.node, encoding="unicode", with_tail=False)
        if not self.inner:
            return [text]
        end = f"</{self.node.tag}>"
        start = f"{text[:-2]}>" if text.endswith("/>") else text.removesuffix(end)
        return [start, *(f"  {line}" for line in self.inner), end]

    def set(self, name: str, value: str) -> None:
        self.node.set(name, value)
        self.verbatim = None

    def remove(self, name: str) -> None:
        if name in self.node.attrib:
            del self.node.attrib[name]
            self.verbatim = None

    @property
    def is_bare(self) -> bool:
        return not self.inner and is_bare(self.node)


class TextWriter:
    """Writes into one text, which is read without any files."""

    def __init__(self, course: CourseBlocks) -> None:
        self._course = course
        self._url_names: dict[Any, str] = {}
        """Of the blocks that are written."""

    def text_of(self, usage_id: Any) -> str:
        element = self._at_its_place(usage_id)
        if usage_id == self._course.usage_id and element.node.tag == "course":
            self._name(element)
        return _text(element)

    def _at_its_place(self, usage_id: Any) -> Element:
        """What is written where the block stands."""
        if usage_id in self._url_names:
            node = etree.Element(self._course.types[usage_id], url_name=self._url_names[usage_id])
            return Element(node, usage_id=usage_id)
        self._url_names[usage_id] = url_name_of(usage_id) or ""
        element = self._element(usage_id)
        self._url_names[usage_id] = element.node.get("url_name") or self._url_names[usage_id]
        return element

    def _element(self, usage_id: Any) -> Element:
        children = self._children(usage_id)
        if self._is_verbatim(usage_id):
            source = self._course.sources[usage_id]
            return Element(parsed(source), verbatim=source, usage_id=usage_id)
        return Element(self._node(usage_id), self._inner(usage_id, children), usage_id=usage_id)

    def _is_verbatim(self, usage_id: Any) -> bool:
        """A block that others stand in may have them in other files."""
        return usage_id in self._course.sources and not self._children(usage_id)

    def _children(self, usage_id: Any) -> list[Any]:
        children: list[Any] = self._course.values[usage_id].get("children", [])
        return children

    def _node(self, usage_id: Any) -> etree._Element:
        """The element of a block that is not written as it was read, without what stands in it."""
        structure = self._structure(usage_id)
        if structure is None:
            node: etree._Element = self._rewriter.element(usage_id)
            return node
        attributes = structure.attributes_of(self._course.values[usage_id])
        name = {"url_name": url_name_of(usage_id) or ""}
        return etree.Element(self._course.types[usage_id], {**name, **attributes})

    @cached_property
    def _rewriter(self) -> Any:
        # The runtime that it needs knows how courses are kept, and so how they are written.
        from xblock_experiments.workbench.import_export.block_xml import Rewriter

        return Rewriter(self._course)

    def _structure(self, usage_id: Any) -> type[Structure] | None:
        """The block's class, if it is a structure's."""
        if usage_id in self._course.placeholders:
            return None
        cls = XBlock.load_class(self._course.types[usage_id], default=XBlock)
        return cls if issubclass(cls, Structure) else None

    def _inner(self, usage_id: Any, children: list[Any]) -> list[str]:
        """The lines of what stands in a block.

        Names are made up from places, so what has none, and another place than it had, is given it.
        """
        lines: list[str] = []
        unnamed: Counter[str] = Counter()
        for element in self._elements_in(usage_id, children):
            block_type = element.node.tag
            if not element.node.get("url_name") and block_type not in NO_BLOCKS:
                name = made_up_name(usage_id, block_type, unnamed[block_type])
                if element.usage_id is None or url_name_of(element.usage_id) == name:
                    unnamed[block_type] += 1
                else:
                    element.set("url_name", self._url_names[element.usage_id])
            lines += element.lines()
        return lines

    def _elements_in(self, usage_id: Any, children: list[Any]) -> Iterator[Element]:
        """The children, and what else was there, where it was; what stood after none now, last."""
        places = {None, *children}
        others: dict[Any, list[Element]] = {}
        for after, text in self._course.layout.left_out.get(usage_id, []):
            element = Element(parsed(text), verbatim=text)
            if self._is_kept(element.node):
                others.setdefault(after if after in places else _GONE, []).append(element)
        yield from others.get(None, [])
        for child_id in children:
            yield self._at_its_place(child_id)
            yield from others.get(child_id, [])
        yield from others.get(_GONE, [])

    def _is_kept(self, no_block: etree._Element) -> bool:
        """In a text, what points to nothing would be a block."""
        return no_block.tag in NO_BLOCKS or not is_bare(no_block)

    def _name(self, element: Element, *, is_complete: bool = False) -> None:
        """By the course's key; of a course that has none, by what it was read with."""
        course_id = self._course.course_id
        names = dict(self._course.layout.names)
        with suppress(InvalidKeyError):
            key = CourseKey.from_string(course_id)
            names = {"org": str(key.org), "course": str(key.course)}
        for name in ("org", "course"):
            if name in names or is_complete:
                element.set(name, names.get(name) or course_id)


class UnitWriter(TextWriter):
    """For an author's eyes. Each block has its name, by which it stays the same for learners; what
    stands elsewhere too is only named."""

    def __init__(self, course: CourseBlocks, usage_id: Any) -> None:
        super().__init__(course)
        others = course.below(course.usage_id, without=usage_id)
        self._url_names |= {each: url_name_of(each) or "" for each in others}

    def _element(self, usage_id: Any) -> Element:
        element = super()._element(usage_id)
        if not element.node.get("url_name"):
            element.set("url_name", url_name_of(usage_id) or "")
        text = element.node.text or ""
        if "<" in text and "]]>" not in text:
            # Where the text is HTML, it can be read so.
            element.node.text = etree.CDATA(text)
            element.verbatim = None
        return element


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
        return {"course.xml": _text(element), **self._files}

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
        return self._take(path, _text(element))

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


def parsed(text: str) -> etree._Element:
    return parse_xml(text.encode(), "a block's source", _WITHOUT_LIMIT)


def _text(element: Element) -> str:
    return "\n".join(element.lines()) + "\n"


def _is_inside(path: str) -> bool:
    """Whether there can be such a path in a folder."""
    is_short = all(len(name.encode()) <= _NAME_BYTES for name in path.split("/"))
    return is_short and normpath(path).split("/")[0] not in ("", "..")


def _folders_of(path: PurePosixPath) -> set[str]:
    return {str(folder) for folder in path.parents[:-1]}
