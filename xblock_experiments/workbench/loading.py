"""Makes the blocks of a course from its OLX."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from xblock.core import XBlock
from xblock.fields import ScopeIds
from xblock.plugin import PluginMissingError

from xblock_experiments.olx import NO_BLOCKS, CourseTooLarge, InvalidCourse, Olx
from xblock_experiments.usage import course_id_of
from xblock_experiments.workbench.course import CourseBlocks
from xblock_experiments.workbench.registry import registry
from xblock_experiments.workbench.runtime import ExperimentsRuntime, block_class

Progress = Callable[[int], object]


def load(
    source: str | Path,
    course_id: str | None = None,
    *,
    name: str | None = None,
    progress: Progress = lambda count: None,
) -> CourseBlocks:
    """Read a course, publish its segmentations, and serve it in this process.

    `source` is a folder or the text of one XML element. `progress` is told after each block how
    many were made. Raises OlxError, and then nothing is changed.
    """
    olx = Olx.open(source, course_id)
    name = registry.free_name(name or slugify(olx.course_id), olx.course_id)
    course = CourseBlocks(olx.course_id, name, folder=olx.folder)
    with transaction.atomic():
        course.usage_id = _LoadingRuntime(olx, course, progress).load_root()
    olx.report_unused()
    course.problems = olx.problems
    registry.add(course)
    return course


class _LoadingRuntime(ExperimentsRuntime):
    """What blocks are parsed in. It follows pointers, and knows the course that is being made."""

    def __init__(self, olx: Olx, course: CourseBlocks, progress: Progress) -> None:
        super().__init__()
        self._olx = olx
        self._course = course
        self._progress = progress
        self._files = ["course.xml" if olx.folder else "the text"]
        self._open: list[Any] = []
        self._numbers: dict[tuple[Any, str], int] = {}

    def load_root(self) -> Any:
        usage_id = self._usage_id_from_node(self._olx.root, None)
        if usage_id is None:
            raise InvalidCourse(self._olx.problems[-1])
        return usage_id

    def course_of(self, usage_id: Any) -> CourseBlocks | None:
        return self._course if course_id_of(usage_id) == self._course.course_id else None

    def add_node_as_child(self, block: Any, node: Any) -> None:
        if not isinstance(node.tag, str):
            return
        if node.tag in NO_BLOCKS:
            self.error_tracker(f"<{node.tag}> is not used")
            return
        usage_id = self._usage_id_from_node(node, block.scope_ids.usage_id)
        if usage_id is not None and usage_id not in block.children:
            block.children.append(usage_id)

    def error_tracker(self, message: str) -> None:
        self._olx.report(self._files[-1], message)

    def _usage_id_from_node(self, node: Any, parent_id: Any) -> Any:
        """XBlock calls this for each node of a block: makes the block, and says what its id is.

        None where the node can be no block, and a problem more.
        """
        found = self._olx.definition(node, self._files[-1])
        if found is None:
            return None
        definition, file = found
        with self._in_file(file):
            usage_id = self._usage_id(definition, parent_id)
            if usage_id is None:
                return None
            if usage_id in self._open:
                self.error_tracker(f"{_label(definition)} stands inside itself; left out")
                return None
            if usage_id not in self._course.types:
                self._make(definition, usage_id, parent_id)
            elif len(definition) or (definition.text or "").strip():
                self._note_second(definition, node)
        return usage_id

    def _make(self, node: Any, usage_id: Any, parent_id: Any) -> None:
        self._check_limits()
        self._course.types[usage_id] = node.tag
        self._course.values[usage_id] = {}
        self._open.append(usage_id)
        node.attrib.pop("xblock-family", None)
        self._note_missing_type(node)
        ids = ScopeIds(None, node.tag, usage_id, usage_id)
        block = self.mixologist.mix(block_class(node.tag)).parse_xml(node, self, ids)
        block.parent = parent_id
        block.save()
        self._open.pop()
        self._progress(len(self._course.types))

    def _usage_id(self, node: Any, parent_id: Any) -> Any:
        url_name = node.get("url_name") or self._made_up_name(node, parent_id)
        try:
            return self._olx.usage_id(node.tag, url_name)
        except ValueError:
            made_up = hashlib.sha256(url_name.encode()).hexdigest()[:16]
            self.error_tracker(f"{_label(node)} can be no id, it is called {made_up!r} instead")
        try:
            return self._olx.usage_id(node.tag, made_up)
        except ValueError:
            self.error_tracker(f"<{node.tag}> can be no type of a block; left out")
            return None

    def _made_up_name(self, node: Any, parent_id: Any) -> str:
        """The same at each import, as learners' state hangs on it."""
        number = self._numbers.get((parent_id, node.tag), 0)
        self._numbers[parent_id, node.tag] = number + 1
        return hashlib.sha256(f"{parent_id}/{node.tag}/{number}".encode()).hexdigest()[:16]

    def _note_second(self, definition: Any, node: Any) -> None:
        if definition is node:
            self.error_tracker(f"{_label(node)} is there twice; the first is used")

    def _note_missing_type(self, node: Any) -> None:
        try:
            XBlock.load_class(node.tag)
        except PluginMissingError:
            self.error_tracker(f"{_label(node)} is shown as a placeholder: type not installed")

    def _check_limits(self) -> None:
        limits = self._olx.limits
        if len(self._course.types) >= limits.blocks:
            msg = f"The course has more than {limits.blocks} blocks."
            raise CourseTooLarge(msg)
        if len(self._open) >= limits.depth:
            msg = f"{self._files[-1]}: blocks are nested more than {limits.depth} deep."
            raise CourseTooLarge(msg)

    @contextmanager
    def _in_file(self, file: str) -> Iterator[None]:
        self._files.append(file)
        try:
            yield
        finally:
            self._files.pop()


def _label(node: Any) -> str:
    url_name = node.get("url_name")
    return f"<{node.tag}> {url_name!r}" if url_name else f"<{node.tag}>"
