"""Writing of the elements of a course's blocks, line by line.

A block that is not a structure, and was not changed since it was read, is written unchanged. If a
block appears a second time, only a pointer to it is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from typing import Any

from lxml import etree
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey
from xblock.core import XBlock

from xblock_experiments.blocks.base.structure import Structure
from xblock_experiments.keys.usage import url_name_of
from xblock_experiments.olx.export import NO_BLOCKS
from xblock_experiments.olx.files import is_bare
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.import_export.block_xml import Rewriter
from xblock_experiments.workbench.import_export.elements import Element, parsed, text_of

_REMOVED = object()
"""Stands for any child that was removed."""


class TextWriter:
    """Writes one text, which can be read without any files."""

    def __init__(self, course: CourseBlocks) -> None:
        self._course = course
        self._url_names: dict[Any, str] = {}
        """The url_names of the blocks that need only a pointer, because they are written."""

    def text_of(self, usage_id: Any) -> str:
        element = self._element_or_pointer(usage_id)
        if usage_id == self._course.usage_id and element.node.tag == "course":
            self._name(element)
        return text_of(element)

    def _element_or_pointer(self, usage_id: Any) -> Element:
        """Return the block's element, or a pointer if the block is already written."""
        if usage_id in self._url_names:
            node = etree.Element(self._type_of(usage_id), url_name=self._url_names[usage_id])
            return Element(node, usage_id=usage_id)
        self._url_names[usage_id] = url_name_of(usage_id) or ""
        element = self._element(usage_id)
        self._url_names[usage_id] = element.node.get("url_name") or self._url_names[usage_id]
        return element

    def _element(self, usage_id: Any) -> Element:
        children = self._course.blocks[usage_id].children
        source = self._verbatim(usage_id)
        if source is not None:
            return Element(parsed(source), verbatim=source, usage_id=usage_id)
        return Element(self._node(usage_id), self._inner(usage_id, children), usage_id=usage_id)

    def _verbatim(self, usage_id: Any) -> str | None:
        """Return the text of a block that can be written as it was read, or None.

        A block with children cannot: they may be in other files.
        """
        block = self._course.blocks[usage_id]
        return None if block.children else block.source

    def _type_of(self, usage_id: Any) -> str:
        return self._course.blocks[usage_id].type

    def _node(self, usage_id: Any) -> etree._Element:
        """Return a new element for the block, without its children."""
        structure = self._structure(usage_id)
        if structure is None:
            return self._rewriter.element(usage_id)
        attributes = structure.attributes_of(self._course.blocks[usage_id].fields)
        name = {"url_name": url_name_of(usage_id) or ""}
        return etree.Element(self._type_of(usage_id), {**name, **attributes})

    @cached_property
    def _rewriter(self) -> Rewriter:
        return Rewriter(self._course)

    def _structure(self, usage_id: Any) -> type[Structure] | None:
        """Return the block's class if it is a structure, or None."""
        if self._course.blocks[usage_id].is_placeholder:
            return None
        cls = XBlock.load_class(self._type_of(usage_id), default=XBlock)
        return cls if issubclass(cls, Structure) else None

    def _inner(self, usage_id: Any, children: list[Any]) -> list[str]:
        """Return the lines inside a block."""
        elements = self._elements_in(usage_id, children)
        return [line for element in elements for line in element.lines()]

    def _elements_in(self, usage_id: Any, children: list[Any]) -> Iterator[Element]:
        """Yield the children and the other elements, in their order.

        Elements after a child that was removed come last.
        """
        places = {None, *children}
        others: dict[Any, list[Element]] = {}
        for after, text in self._course.blocks[usage_id].left_out:
            element = Element(parsed(text), verbatim=text)
            if self._is_exported(element.node):
                others.setdefault(after if after in places else _REMOVED, []).append(element)
        yield from others.get(None, [])
        for child_id in children:
            yield self._element_or_pointer(child_id)
            yield from others.get(child_id, [])
        yield from others.get(_REMOVED, [])

    def _is_exported(self, no_block: etree._Element) -> bool:
        """Return whether to write an element that is not a block.

        Pointers are left out of a text, where they would be read as blocks.
        """
        return no_block.tag in NO_BLOCKS or not is_bare(no_block)

    def _name(self, element: Element, *, is_complete: bool = False) -> None:
        """Set org and course: those of the course key, or else those that were read."""
        course_id = self._course.course_id
        names = dict(self._course.layout.names)
        with suppress(InvalidKeyError):
            key = CourseKey.from_string(course_id)
            names = {"org": str(key.org), "course": str(key.course)}
        for name in ("org", "course"):
            if name in names or is_complete:
                element.set(name, names.get(name) or course_id)


class UnitWriter(TextWriter):
    """Writes a block for an author.

    Each block has its url_name, so that learners keep their state in it. Blocks that also appear
    elsewhere in the course are written as pointers.
    """

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
            # HTML is easier to read without escapes.
            element.node.text = etree.CDATA(text)
            element.verbatim = None
        return element
