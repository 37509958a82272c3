"""The elements of blocks that were changed since they were read, or that authors created here."""

from __future__ import annotations

from typing import Any

from fs.memoryfs import MemoryFS
from lxml import etree

from xblock_experiments.blocks.base.guard import Failed, guarded
from xblock_experiments.errors import ExperimentsError
from xblock_experiments.keys.usage import url_name_of
from xblock_experiments.olx.values import attribute_of
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.courses.lookup import OneCourse
from xblock_experiments.workbench.hosting.placeholder import PlaceholderBlock
from xblock_experiments.workbench.hosting.runtime import CourseRuntime
from xblock_experiments.workbench.hosting.state import TransientState
from xblock_experiments.workbench.hosting.text import TextBlock
from xblock_experiments.workbench.import_export.elements import parsed


class NotWritten(ExperimentsError):
    """Raised if a block's own package cannot write it."""


class Rewriter:
    """Has blocks write their own elements."""

    def __init__(self, course: CourseBlocks) -> None:
        self._course = course
        self._runtime = _WritingRuntime(course)

    def element(self, usage_id: Any) -> etree._Element:
        """Return the block's element without its children. Raises NotWritten."""
        try:
            with guarded():
                node = _element(self._runtime.get_block(usage_id), self._runtime.export_fs)
        except Failed as error:
            msg = f"{usage_id} cannot be written: {error}"
            raise NotWritten(msg) from error
        node.tag = self._course.blocks[usage_id].type
        node.set("url_name", url_name_of(usage_id) or "")
        return node


class _WritingRuntime(CourseRuntime):
    """The runtime in which blocks write their elements. Their files stay in memory."""

    def __init__(self, course: CourseBlocks) -> None:
        super().__init__(None, OneCourse(course), TransientState(None))
        self.export_fs = MemoryFS()

    def add_block_as_child_node(self, block: Any, node: Any) -> None:
        """Add nothing, because the writer adds the lines of children itself."""


def _element(block: Any, files: MemoryFS) -> etree._Element:
    if isinstance(block, PlaceholderBlock):
        return parsed(block.olx)
    if isinstance(block, TextBlock):
        return _text_element(block)
    node = etree.Element("unknown")
    block.add_xml_to_node(node)
    if node.tag == "unknown":
        # Open edX's blocks write nothing when their text is empty.
        node.set("display_name", block.display_name or "")
    return _from_file(block, node, files)


def _text_element(block: TextBlock) -> etree._Element:
    name = attribute_of(block.display_name)
    node = etree.Element("html", {**block.xml_attributes, "display_name": name})
    node.attrib.pop("filename", "")
    node.text = block.content
    return node


def _from_file(block: Any, pointer: etree._Element, files: MemoryFS) -> etree._Element:
    """Return the element that the block wrote into a file, or else the pointer itself.

    An html block writes its text into a second file, which is added to the element.
    """
    block_type = block.scope_ids.block_type
    path = f"{block_type}/{pointer.get('url_name', '').replace(':', '/')}"
    if not files.exists(f"{path}.xml"):
        return pointer
    node = parsed(files.readtext(f"{path}.xml", encoding="utf-8"))
    if files.exists(f"{path}.html"):
        node.attrib.pop("filename", "")
        node.text = files.readtext(f"{path}.html", encoding="utf-8")
    return node
