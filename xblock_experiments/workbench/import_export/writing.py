"""The elements of a course's blocks, line by line.

A block that is no structure and was not changed since it was read is written as it was. Where a
block stands for the second time, only what points to it is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from typing import Any

from lxml import etree
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey
from xblock.core import XBlock

from xblock_experiments.blocks.base.structure import Structure
from xblock_experiments.keys.usage import made_up_name, url_name_of
from xblock_experiments.olx.export import NO_BLOCKS, is_bare
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.import_export.block_xml import Rewriter
from xblock_experiments.workbench.import_export.elements import Element, parsed, text_of

_GONE = object()
"""Stands for children that are none any more."""


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
        return text_of(element)

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
            return self._rewriter.element(usage_id)
        attributes = structure.attributes_of(self._course.values[usage_id])
        name = {"url_name": url_name_of(usage_id) or ""}
        return etree.Element(self._course.types[usage_id], {**name, **attributes})

    @cached_property
    def _rewriter(self) -> Rewriter:
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
