"""Makes the blocks of a course from its OLX."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from lxml import etree
from xblock.core import XBlock
from xblock.fields import ScopeIds

from xblock_experiments.blocks.base.structure import Structure
from xblock_experiments.keys.usage import course_id_of, made_up_name, url_name_of
from xblock_experiments.olx.export import NO_BLOCKS, Found, Olx, has_content
from xblock_experiments.olx.untrusted import CourseTooLarge, InvalidCourse, OlxError
from xblock_experiments.workbench.courses.course import CourseBlocks, Layout
from xblock_experiments.workbench.courses.registry import registry
from xblock_experiments.workbench.hosting.faults import FAULTS
from xblock_experiments.workbench.hosting.inherited import FIELDS, inheritable
from xblock_experiments.workbench.hosting.placeholder import NOT_INSTALLED, PlaceholderBlock
from xblock_experiments.workbench.requests.runtime import (
    OUR_BLOCKS,
    ExperimentsRuntime,
    block_class,
)

_TREE = frozenset({"children", "parent"})
_NEVER_INSIDE = NO_BLOCKS | {"course"}
_NAME = re.compile(r"[\w .-]{0,100}")

Progress = Callable[[int], object]


def load(
    source: str | Path,
    course_id: str | None = None,
    *,
    name: str | None = None,
    origin: Path | None = None,
    progress: Progress = lambda count: None,
) -> CourseBlocks:
    """Read a course, publish its segmentations, and serve it in this process.

    `source` is a folder or the text of one XML element. `progress` is told after each block how
    many were made. Raises OlxError, and then nothing is changed.
    """
    olx = Olx.open(source, course_id)
    name = registry.name_for(olx.course_id, name or name_of(olx.course_id))
    layout = Layout(olx.names, policy=olx.policy, policy_file=olx.policy_file)
    course = CourseBlocks(olx.course_id, name, folder=olx.folder, origin=origin, layout=layout)
    with transaction.atomic():
        course.usage_id = _LoadingRuntime(olx, course, progress).load_root()
    olx.report_unused()
    course.problems = olx.problems
    registry.add(course)
    return course


def reload(course: CourseBlocks, usage_id: Any, text: str) -> list[str]:
    """Put what the text says in the place of a block of the course; what cannot be used of it.

    Raises OlxError, and then the course is half changed: it must be a copy that is thrown away.
    """
    olx = Olx.open_text(text, course.course_id)
    if olx.root.tag != course.types[usage_id]:
        msg = f"It must be one <{course.types[usage_id]}> element, not <{olx.root.tag}>."
        raise InvalidCourse(msg)
    olx.root.set("url_name", url_name_of(usage_id) or "")
    parent_id, file = course.values[usage_id].get("parent"), course.layout.files.get(usage_id)
    outside = course.above(usage_id) - {usage_id}
    others = set(course.below(course.usage_id, without=usage_id))
    for each in [each for each in course.below(usage_id) if each not in others]:
        course.forget(each)
    _ReloadingRuntime(olx, course, outside).load_root(parent_id)
    course.layout.files[usage_id] = file
    return olx.problems


def name_of(course_id: str) -> str:
    """The id without what addresses had better not have."""
    return slugify(course_id.removeprefix("course-v1:").replace("+", "-").replace(".", "-"))


class _LoadingRuntime(ExperimentsRuntime):
    """What blocks are parsed in. It follows pointers, and knows the course that is being made."""

    forgets_state = True
    """So that a course that is read again leaves what learners did as it is."""

    def __init__(self, olx: Olx, course: CourseBlocks, progress: Progress) -> None:
        super().__init__()
        self._olx = olx
        self._course = self.course = course
        self._progress = progress
        self._files = [olx.file]
        self._open: list[Any] = []
        self._numbers: dict[tuple[Any, str], int] = {}
        self._placed: set[tuple[Any, Any]] = set()
        """Parents with their children: to look a child up among many siblings takes long."""
        self._sizes: dict[Any, int] = dict.fromkeys(course.types, 1)
        """How many blocks a learner may meet in a block, itself included."""
        self._unread: dict[Any, str] = {}
        """Elements of which something was not read, as they were."""

    def load_root(self, parent_id: Any = None) -> Any:
        usage_id = self._usage_id_of(self._olx.root, parent_id)
        if usage_id is None:
            raise InvalidCourse(self._olx.problems[-1])
        self._course.layout.files[usage_id] = self._olx.file if self._olx.folder else None
        return usage_id

    def course_of(self, usage_id: Any) -> CourseBlocks | None:
        return self._course if course_id_of(usage_id) == self._course.course_id else None

    def course_to_change(self, usage_id: Any) -> CourseBlocks:
        return self._course

    def add_node_as_child(self, block: Any, node: Any) -> None:
        if not isinstance(node.tag, str):
            return
        if node.tag in _NEVER_INSIDE:
            self.error_tracker(f"<{node.tag}> is not used")
            self._leave_out(block, node)
            return
        usage_id = self._usage_id_from_node(node, block.scope_ids.usage_id)
        if usage_id is not None:
            self._place(block, usage_id)
        if usage_id is None or node in self._unread:
            self._leave_out(block, node)

    def _place(self, block: Any, usage_id: Any) -> None:
        parent_id = block.scope_ids.usage_id
        if (parent_id, usage_id) in self._placed:
            return
        self._placed.add((parent_id, usage_id))
        self._grow(parent_id, self._sizes[usage_id])
        block.children.append(usage_id)

    def _leave_out(self, block: Any, node: Any) -> None:
        after = block.children[-1] if block.children else None
        text = self._unread.pop(node, None) or _text(node)
        self._course.layout.left_out.setdefault(block.scope_ids.usage_id, []).append((after, text))

    def error_tracker(self, message: str) -> None:
        self._olx.report(self._files[-1], message)

    def _usage_id_from_node(self, node: Any, parent_id: Any) -> Any:
        """XBlock calls this for each node of a block: makes the block, and says what its id is.

        None where the node can be no block, and a problem more.
        """
        known = self._known(node)
        if known is not None:
            return self._unless_inside_itself(node, known)
        found = self._olx.definition(node, self._files[-1])
        if found is None:
            return None
        with self._in_file(found.file):
            usage_id = self._usage_id_of(found.node, parent_id)
        if usage_id is not None and usage_id not in self._course.layout.files:
            self._note_files(usage_id, found, is_inline=found.node is node)
        return usage_id

    def _note_files(self, usage_id: Any, found: Found, *, is_inline: bool) -> None:
        layout = self._course.layout
        layout.files[usage_id] = None if is_inline else found.file
        if found.text_file is not None:
            layout.texts[usage_id] = found.text_file

    def _known(self, node: Any) -> Any:
        """The id of what a node points to, if that was made before."""
        try:
            usage_id = self._olx.usage_id(node.tag, node.get("url_name", ""))
        except ValueError:
            return None
        is_made = usage_id in self._course.types and self._olx.is_pointer(node)
        return usage_id if is_made else None

    def _usage_id_of(self, definition: Any, parent_id: Any) -> Any:
        usage_id = self._usage_id(definition, parent_id)
        if usage_id is None:
            return None
        if usage_id not in self._course.types:
            return self._made(definition, usage_id, parent_id)
        if has_content(definition):
            self.error_tracker(f"{_label(definition)} is there twice; the first is used")
            self._unread[definition] = _text(definition)
        return self._unless_inside_itself(definition, usage_id)

    def _unless_inside_itself(self, node: Any, usage_id: Any) -> Any:
        if usage_id not in self._open:
            return usage_id
        self.error_tracker(f"{_label(node)} stands inside itself; left out")
        return None

    def _made(self, node: Any, usage_id: Any, parent_id: Any) -> Any:
        """The id of the block that was made. None where its package cannot read it."""
        before = len(self._course.types)
        try:
            self._make(node, usage_id, parent_id)
        except OlxError:
            raise
        except FAULTS as error:
            self._unread[node] = self._course.sources.get(usage_id) or _text(node)
            self._course.forget_since(before)
            self.error_tracker(f"{_label(node)} cannot be read, and is left out: {error}")
            return None
        return usage_id

    def _make(self, node: Any, usage_id: Any, parent_id: Any) -> None:
        self._course.types[usage_id] = node.tag
        self._course.values[usage_id] = {}
        self._course.layout.left_out.pop(usage_id, None)
        self._sizes[usage_id] = 0
        self._open.append(usage_id)
        try:
            self._check_depth()
            self._grow(usage_id, 1)
            block = self._read(node, ScopeIds(None, node.tag, usage_id, usage_id))
            block.parent = parent_id
            block.save()
        finally:
            self._open.pop()
        self._progress(len(self._course.types))

    def _read(self, node: Any, ids: ScopeIds) -> Any:
        cls = block_class(node.tag)
        is_missing = cls is PlaceholderBlock
        reason = self.cannot_run(node) or (NOT_INSTALLED if is_missing else None)
        cls = self.mixologist.mix(PlaceholderBlock if reason else cls)
        if not issubclass(cls, Structure):
            self._course.sources[ids.usage_id] = _text(node)
            # Some take what stands after their element for a part of it.
            node.tail = None
        self._clean(node, cls)
        inherited = inheritable(node.attrib, self.error_tracker)
        self._course.inherited[ids.usage_id] = inherited
        if not issubclass(cls, OUR_BLOCKS):
            for name in (FIELDS.keys() & node.attrib.keys()) - inherited.keys():
                del node.attrib[name]
        block = self.read(cls, node, ids)
        if reason:
            self.error_tracker(f"{_label(node)} is shown as a placeholder. {reason}")
            self._course.placeholders.add(ids.usage_id)
            block.reason = reason
        return block

    def _clean(self, node: Any, cls: type[XBlock]) -> None:
        """Without what blocks of other packages would obey, and must not in anyone's course."""
        if not issubclass(cls, PlaceholderBlock):
            node.attrib.pop("xblock-family", None)
        if issubclass(cls, OUR_BLOCKS):
            return
        for name in sorted(_TREE & set(node.attrib)):
            self._remove_attribute(node, name)
        # XBlock's own field, which hosts write into pages as it is.
        if not _NAME.fullmatch(node.get("name", "x")):
            self._remove_attribute(node, "name")
        if node.tag == "problem_demo":
            for script in node.findall("script"):
                node.remove(script)
                self.error_tracker(f"the Python of {_label(node)} is not run")

    def _remove_attribute(self, node: Any, name: str) -> None:
        del node.attrib[name]
        self.error_tracker(f"the {name} of {_label(node)} is not used")

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
        number = self._numbers.get((parent_id, node.tag), 0)
        self._numbers[parent_id, node.tag] = number + 1
        return made_up_name(parent_id, node.tag, number)

    def _check_depth(self) -> None:
        limits = self._olx.limits
        if len(self._open) > limits.depth:
            msg = f"{self._files[-1]}: blocks are nested more than {limits.depth} deep."
            raise CourseTooLarge(msg)

    def _grow(self, usage_id: Any, size: int) -> None:
        """Count what stands in a block, where it stands in several places as often."""
        limits = self._olx.limits
        self._sizes[usage_id] += size
        if max(self._sizes[usage_id], len(self._course.types)) > limits.blocks:
            msg = f"The course has more than {limits.blocks} blocks."
            raise CourseTooLarge(msg)

    @contextmanager
    def _in_file(self, file: str) -> Iterator[None]:
        self._files.append(file)
        try:
            yield
        finally:
            self._files.pop()


class _ReloadingRuntime(_LoadingRuntime):
    """Reads one block of a course anew, in its place among the others."""

    def __init__(self, olx: Olx, course: CourseBlocks, outside: Iterable[Any]) -> None:
        """`outside` is what the block stands in, and what must not stand in it."""
        super().__init__(olx, course, progress=lambda count: None)
        self._open = [*outside]

    def _usage_id_of(self, definition: Any, parent_id: Any) -> Any:
        """Raises InvalidCourse where an author would write one block at two places."""
        url_name = definition.get("url_name")
        usage_id = self._usage_id(definition, parent_id) if url_name else None
        if usage_id in self._course.types and has_content(definition):
            msg = (
                f"{_label(definition)} stands at another place too. Take it away there first, give "
                f"this one another url_name, or write it without content to have it at both."
            )
            raise InvalidCourse(msg)
        return super()._usage_id_of(definition, parent_id)

    def _made_up_name(self, node: Any, parent_id: Any) -> str:
        """A new one: what is counted by its place would be taken for what stood there before."""
        return secrets.token_hex(16)


def _label(node: Any) -> str:
    url_name = node.get("url_name")
    return f"<{node.tag}> {url_name!r}" if url_name else f"<{node.tag}>"


def _text(node: Any) -> str:
    """Equal for what reads equal: an element that is empty has no end tag."""
    for element in node.iter("*"):
        element.text = element.text or None
    return etree.tostring(node, encoding="unicode", with_tail=False)
