"""Import of courses from OLX. Does not use the database, except for edxval's videos."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xblock.core import XBlock
from xblock.fields import ScopeIds, String

from xblock_experiments.blocks.base.guard import Failed, guarded
from xblock_experiments.blocks.base.structure import Structure
from xblock_experiments.blocks.course import SEGMENTATIONS
from xblock_experiments.course_user_segmentation.data import UserSegmentation, read_user_partitions
from xblock_experiments.errors import NotStored
from xblock_experiments.gradebook.policy import EQUAL_WEIGHTS, GradingPolicy, InvalidPolicy
from xblock_experiments.keys.usage import url_name_of
from xblock_experiments.olx.census import take_slug
from xblock_experiments.olx.export import NO_BLOCKS, Found, Olx
from xblock_experiments.olx.files import is_bare
from xblock_experiments.olx.sentences import Sentence
from xblock_experiments.olx.untrusted import InvalidCourse, OlxError
from xblock_experiments.olx.values import text_of as attribute_text
from xblock_experiments.workbench.courses.course import AuthoredBlock, CourseBlocks, Layout
from xblock_experiments.workbench.courses.lookup import OneCourse
from xblock_experiments.workbench.hosting.block_types import block_class, reason_of
from xblock_experiments.workbench.hosting.inherited import FIELDS, inheritable
from xblock_experiments.workbench.hosting.placeholder import PlaceholderBlock
from xblock_experiments.workbench.hosting.runtime import OUR_BLOCKS, CourseRuntime
from xblock_experiments.workbench.hosting.state import TransientState
from xblock_experiments.workbench.import_export.names import (
    ContentNames,
    RandomNames,
    text_of,
)
from xblock_experiments.workbench.import_export.pointers import Pointers
from xblock_experiments.workbench.import_export.sizes import Sizes

_TREE = frozenset({"children", "parent"})
_NEVER_INSIDE = NO_BLOCKS | {"course"}
_NAME = re.compile(r"[\w .-]{0,100}")

Progress = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class ReadCourse:
    """A course and its list of segmentations, which is None if nothing in it has such a list."""

    course: CourseBlocks
    segmentations: Sequence[UserSegmentation] | None


def read(
    olx: Olx,
    name: str,
    *,
    origin: Path | None = None,
    progress: Progress = lambda count: None,
) -> ReadCourse:
    """Make the blocks of a course from its OLX. Publishes and serves nothing.

    Calls `progress` after each block with the number of blocks so far. Raises OlxError.
    """
    layout = Layout(olx.names, policy=olx.policy, policy_file=olx.policy_file)
    course = CourseBlocks(
        olx.course_id,
        name,
        folder=olx.folder,
        origin=origin,
        layout=layout,
        grading_policy=_grading_policy(olx),
    )
    reader = Reader(olx, course, progress)
    course.usage_id = reader.read_root()
    olx.report_unused()
    course.problems = [*olx.problems]
    return ReadCourse(course, reader.segmentations)


def _grading_policy(olx: Olx) -> GradingPolicy:
    """Return the course's grading policy. Report one that cannot be used."""
    if olx.grading_policy is None:
        return EQUAL_WEIGHTS
    try:
        return GradingPolicy.from_json(olx.grading_policy)
    except InvalidPolicy as error:
        olx.report(str(olx.grading_policy_file), str(error))
        return EQUAL_WEIGHTS


def reread(course: CourseBlocks, usage_id: Any, text: str) -> list[Sentence]:
    """Replace a block of the course by the element in `text`. Return the problems in it.

    Raises OlxError. The course is then in an invalid state, so pass a copy.
    """
    olx = Olx.open_text(text, course.course_id)
    old = course.blocks[usage_id]
    if olx.root.tag != old.type:
        reason = Sentence(
            "It must be one <{wanted}> element, not <{found}>.", wanted=old.type, found=olx.root.tag
        )
        raise InvalidCourse(reason)
    olx.root.set("url_name", url_name_of(usage_id) or "")
    outside = course.above(usage_id) - {usage_id}
    others = set(course.below(course.usage_id, without=usage_id))
    for each in [each for each in course.below(usage_id) if each not in others]:
        course.forget(each)
    Rereader(olx, course, outside).read_root(old.fields.get("parent"))
    course.blocks[usage_id].file = old.file
    return olx.problems


class Reader:
    """Makes one course: assigns ids and positions to blocks, checks limits, records problems."""

    def __init__(self, olx: Olx, course: CourseBlocks, progress: Progress) -> None:
        self.segmentations: Sequence[UserSegmentation] | None = None
        self._olx = olx
        self._course = course
        self._progress = progress
        self._runtime = ReadingRuntime(self, course)
        self._files = [olx.file]
        self._open: list[Any] = []
        self._names = ContentNames(olx, self.report)
        self._pointers = Pointers(olx, course.blocks)
        self._placed: set[tuple[Any, Any]] = set()
        """The pairs of parent and child that were added. A set, because searching long lists of
        children is too slow.
        """
        self._sizes = Sizes(olx.limits, course.blocks)
        self._unread: dict[Any, str] = {}
        """The XML of elements that could not be read."""

    def read_root(self, parent_id: Any = None) -> Any:
        usage_id = self._usage_id_of(self._olx.root, parent_id)
        if usage_id is None:
            raise InvalidCourse(self._olx.problems[-1])
        block = self._course.blocks[usage_id]
        block.file, block.is_new = self._olx.file if self._olx.folder else None, False
        return usage_id

    def add_child(self, block: Any, node: Any) -> None:
        """Make the block of an element inside another block's element."""
        if not isinstance(node.tag, str):
            return
        if node.tag in _NEVER_INSIDE:
            self.report(Sentence("<{tag}> is not used", tag=node.tag))
            self._leave_out(block, node)
            return
        usage_id = self.usage_id_from(node, block.scope_ids.usage_id)
        if usage_id is not None:
            self._place(block, usage_id)
        if usage_id is None or node in self._unread:
            self._leave_out(block, node)

    def usage_id_from(self, node: Any, parent_id: Any) -> Any:
        """Make the block of an element, or of the file that it points to. Return its usage id.

        Returns None and reports a problem if the element cannot be a block.
        """
        take_slug(node)
        known = self._pointers.known(node)
        if known is not None:
            return self._unless_inside_itself(node, known)
        file = self._pointers.begin(node)
        found = self._olx.definition(node, self._files[-1])
        if found is None:
            return None
        with self._in_file(found.file):
            usage_id = self._usage_id_of(found.node, parent_id)
        self._pointers.end(file, usage_id)
        if usage_id is not None and self._course.blocks[usage_id].is_new:
            self._set_files(usage_id, found, is_inline=found.node is node)
        return usage_id

    def set_segmentations(self, user_partitions: list[Any]) -> None:
        """Store the course's list of segmentations."""
        self.segmentations, problems = read_user_partitions(user_partitions)
        for problem in problems:
            self.report(problem)
        for segmentation in self.segmentations:
            for name in segmentation.repeated_names:
                reason = Sentence(
                    "several groups of {segmentation} are named {name}, so reports cannot tell "
                    "them apart",
                    segmentation=repr(segmentation.name),
                    name=repr(name),
                )
                self.report(reason)

    def report(self, message: str) -> None:
        """Record a problem in the file that is being read. Blocks of others report any text."""
        self._olx.report(self._files[-1], message)

    def _place(self, block: Any, usage_id: Any) -> None:
        parent_id = block.scope_ids.usage_id
        if (parent_id, usage_id) in self._placed:
            return
        self._placed.add((parent_id, usage_id))
        self._sizes.put(usage_id, parent_id)
        block.children.append(usage_id)

    def _leave_out(self, block: Any, node: Any) -> None:
        after = block.children[-1] if block.children else None
        text = self._unread.pop(node, None) or text_of(node)
        self._course.blocks[block.scope_ids.usage_id].left_out.append((after, text))

    def _set_files(self, usage_id: Any, found: Found, *, is_inline: bool) -> None:
        block = self._course.blocks[usage_id]
        block.file, block.text_file = None if is_inline else found.file, found.text_file
        block.is_new = False

    def _usage_id_of(self, definition: Any, parent_id: Any) -> Any:
        usage_id = self._names.usage_id_of(definition)
        if usage_id in self._course.blocks:
            if is_bare(definition):
                return self._unless_inside_itself(definition, usage_id)
            usage_id = self._renamed(definition)
        return None if usage_id is None else self._try_to_make(definition, usage_id, parent_id)

    def _renamed(self, definition: Any) -> Any:
        """Give the second of two blocks with one url_name another one. Return its usage id."""
        label = self._names.label_of(definition)
        usage_id = self._names.rename(definition)
        reason = Sentence(
            "{label} is defined twice; the second is named {name}",
            label=label,
            name=repr(definition.get("url_name")),
        )
        self.report(reason)
        return usage_id

    def _unless_inside_itself(self, node: Any, usage_id: Any) -> Any:
        if usage_id not in self._open:
            return usage_id
        self.report(
            Sentence("{label} is inside itself; left out", label=self._names.label_of(node))
        )
        return None

    def _try_to_make(self, node: Any, usage_id: Any, parent_id: Any) -> Any:
        """Return the id of the new block, or None if its package cannot read it."""
        before = len(self._course.blocks)
        try:
            with guarded(NotStored, OlxError):
                self._make(node, usage_id, parent_id)
        except Failed as error:
            self._unread[node] = self._course.blocks[usage_id].source or text_of(node)
            self._course.forget_since(before)
            reason = Sentence(
                "{label} cannot be read and is left out: {error}",
                label=self._names.label_of(node),
                error=error,
            )
            self.report(reason)
            return None
        return usage_id

    def _make(self, node: Any, usage_id: Any, parent_id: Any) -> None:
        old = self._course.forgotten.pop(usage_id, AuthoredBlock(node.tag))
        self._course.blocks[usage_id] = AuthoredBlock(
            node.tag, file=old.file, text_file=old.text_file, is_new=old.is_new
        )
        self._open.append(usage_id)
        try:
            self._sizes.check_depth(len(self._open), self._files[-1])
            self._sizes.add(usage_id)
            block = self._read(node, ScopeIds(None, node.tag, usage_id, usage_id))
            block.parent = parent_id
            block.save()
        finally:
            self._open.pop()
        self._progress(len(self._course.blocks))

    def _read(self, node: Any, ids: ScopeIds) -> Any:
        authored = self._course.blocks[ids.usage_id]
        cls = block_class(node.tag)
        missing = reason_of(node.tag) if cls is PlaceholderBlock else None
        reason = self._runtime.cannot_run(node) or missing
        cls = self._runtime.mixologist.mix(PlaceholderBlock if reason else cls)
        if not issubclass(cls, Structure):
            authored.source = text_of(node)
            # Some blocks treat the text after their element as a part of it.
            node.tail = None
        authored.inherited = inheritable(node.attrib, self.report)
        _clean(node, cls, self._names.label_of(node), self.report)
        if not issubclass(cls, OUR_BLOCKS):
            for name in (FIELDS.keys() & node.attrib.keys()) - authored.inherited.keys():
                del node.attrib[name]
        block = self._runtime.read(cls, node, ids)
        if reason:
            shown = Sentence(
                "{label} is shown as a placeholder. {reason}",
                label=self._names.label_of(node),
                reason=Sentence(reason),
            )
            self.report(shown)
            authored.is_placeholder = True
            block.reason = reason
        return block

    @contextmanager
    def _in_file(self, file: str) -> Iterator[None]:
        self._files.append(file)
        try:
            yield
        finally:
            self._files.pop()


class Rereader(Reader):
    """Reads one block of a course again, in its place among the others."""

    def __init__(self, olx: Olx, course: CourseBlocks, outside: Iterable[Any]) -> None:
        """`outside` are the block's ancestors, which must not appear in it."""
        super().__init__(olx, course, progress=lambda count: None)
        self._names = RandomNames(olx, self.report)
        self._open = [*outside]

    def _renamed(self, definition: Any) -> Any:
        """Raise InvalidCourse, because the author can choose another url_name now."""
        reason = Sentence(
            "{label} is already in another place. Remove it there first, give this one another "
            "url_name, or write it without content to use it in both.",
            label=self._names.label_of(definition),
        )
        raise InvalidCourse(reason)


class ReadingRuntime(CourseRuntime):
    """The runtime in which blocks are parsed. It passes XBlock's calls to the reader."""

    def __init__(self, reader: Reader, course: CourseBlocks) -> None:
        super().__init__(None, OneCourse(course), TransientState(None))
        self._reader = reader

    def add_node_as_child(self, block: Any, node: Any) -> None:
        self._reader.add_child(block, node)

    def publish(self, block: Any, event_type: str, event_data: Any) -> None:
        if event_type == SEGMENTATIONS:
            self._reader.set_segmentations(event_data["user_partitions"])

    def error_tracker(self, message: str) -> None:
        self._reader.report(message)

    def _usage_id_from_node(self, node: Any, parent_id: Any) -> Any:
        return self._reader.usage_id_from(node, parent_id)


def _clean(node: Any, cls: type[XBlock], label: str, report: Callable[[Sentence], object]) -> None:
    """Remove `xblock-family`, except from placeholders, and everything that blocks of other
    packages must not read.
    """

    def remove_attribute(name: str) -> None:
        del node.attrib[name]
        report(Sentence("the {name} of {label} is not used", name=name, label=label))

    if not issubclass(cls, PlaceholderBlock):
        node.attrib.pop("xblock-family", None)
    if issubclass(cls, OUR_BLOCKS):
        return
    if not getattr(cls, "is_extracted", False):
        _take_json(node, cls)
    for name in sorted(_TREE & set(node.attrib)):
        remove_attribute(name)
    # Hosts write XBlock's own field `name` into pages without escaping it.
    if not _NAME.fullmatch(node.get("name", "x")):
        remove_attribute("name")
    if node.tag == "problem_demo":
        for script in node.findall("script"):
            node.remove(script)
            report(Sentence("the Python of {label} is not run", label=label))


def _take_json(node: Any, cls: type[XBlock]) -> None:
    """Make attributes plain text for blocks that, unlike Open edX's, cannot read JSON in them.

    An attribute that is null is removed: the block has its default, or inherits the null.
    """
    fields = getattr(cls, "fields", {})
    for name, attribute in node.attrib.items():
        text = attribute_text(attribute)
        if name in FIELDS and text is not None:
            node.set(name, text)
        elif text is None and (name in FIELDS or isinstance(fields.get(name), String)):
            del node.attrib[name]
