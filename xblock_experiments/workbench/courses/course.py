"""A course in memory, as its authors wrote it. It has no state of learners."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from xblock_experiments.gradebook.policy import EQUAL_WEIGHTS, GradingPolicy
from xblock_experiments.keys.usage import url_name_of
from xblock_experiments.workbench.courses.index import Index
from xblock_experiments.workbench.courses.static_files import StaticFiles


@dataclass(slots=True)
class AuthoredBlock:
    """One block of a course: its fields, and how it was read, so that it can be written again."""

    type: str
    fields: dict[str, Any] = field(default_factory=dict)
    """The values of authored fields, by name. A value is never changed in place."""
    inherited: dict[str, str] = field(default_factory=dict)
    """The texts of settings that the blocks inside inherit, by name."""
    source: str | None = None
    """The text of the element as it was read. None for a structure, and after a change."""
    file: str | None = None
    """The file of its definition, or None if that is inside another block's element."""
    text_file: str | None = None
    """The file of its text, if it has one."""
    left_out: list[tuple[Any, str]] = field(default_factory=list)
    """Elements inside that are not blocks: pairs of the child before it, or None, and its text."""
    is_placeholder: bool = False
    """Indicates whether this block cannot run here. Other blocks of its type may run."""
    score: Any = None
    """The points and the title that its package has told of, until it changes."""
    is_new: bool = True
    """Indicates whether the block was created here, instead of being read from OLX."""

    def copy(self) -> Self:
        return replace(self, fields={**self.fields}, left_out=[*self.left_out])

    @property
    def children(self) -> list[Any]:
        """The usage ids of its children, in order."""
        children: list[Any] = self.fields.get("children", [])
        return children


@dataclass(slots=True)
class Layout:
    """The parts of a course export that belong to no block."""

    names: dict[str, str] = field(default_factory=dict)
    """The `org` and `course` of the root element."""
    policy: dict[str, dict[str, Any]] = field(default_factory=dict)
    policy_file: str | None = None
    written: set[str] = field(default_factory=set)
    """Files that were written since the course was read."""

    def copy(self) -> Self:
        return replace(self, policy={**self.policy}, written={*self.written})


@dataclass(slots=True)
class CourseBlocks:
    """The blocks of one course, by usage id, in the order in which they were read."""

    course_id: str
    name: str
    """The course's name in URLs: `/scenario/<name>/`."""
    usage_id: Any = None
    """The usage id of the root."""
    folder: Path | None = None
    origin: Path | None = None
    """The source that the workbench serves. `folder` may contain an edited version of it."""
    problems: list[str] = field(default_factory=list)
    blocks: dict[Any, AuthoredBlock] = field(default_factory=dict)
    forgotten: dict[Any, AuthoredBlock] = field(default_factory=dict)
    """Blocks that were removed since the course was read. Exports leave out their files."""
    layout: Layout = field(default_factory=Layout)
    grading_policy: GradingPolicy = EQUAL_WEIGHTS
    _index: Index | None = field(default=None, compare=False, repr=False)
    _static_files: StaticFiles | None = field(default=None, compare=False, repr=False)

    @property
    def index(self) -> Index:
        """The index of the blocks, which is made once if the course no longer changes."""
        return self._index or Index(self.blocks)

    def freeze(self) -> None:
        """Index the course, because it no longer changes. A copy of it may change."""
        self._index = Index(self.blocks)
        self._static_files = StaticFiles(self.folder) if self.folder else None

    def find(self, address: str) -> Any:
        """Return the usage id of the block with that url_name or `<type>.<url_name>`, or None.

        If several blocks have the url_name, returns the first.
        """
        return self.index.find(address)

    def address_of(self, usage_id: Any) -> str:
        """Return the address by which `find` returns the block: its url_name if that is enough."""
        url_name = str(url_name_of(usage_id))
        if self.index.find(url_name) == usage_id:
            return url_name
        return f"{self.blocks[usage_id].type}.{url_name}"

    def inherited_by(self, usage_id: Any, name: str) -> str:
        """Return a setting of the block or of its nearest ancestor that has it. Raises KeyError."""
        block = self.blocks[usage_id]
        while name not in block.inherited:
            block = self.blocks[block.fields["parent"]]
        return block.inherited[name]

    def forget_since(self, number: int) -> None:
        """Drop the blocks that were added after the first `number`, as if they were never read."""
        for usage_id in list(self.blocks)[number:]:
            del self.blocks[usage_id]

    def forget_unreachable(self) -> None:
        """Forget the blocks that are no longer below the root."""
        reachable = set(self.below(self.usage_id))
        for usage_id in [each for each in self.blocks if each not in reachable]:
            self.forget(usage_id)

    def forget(self, usage_id: Any) -> None:
        """Remove one block, but not the blocks inside it."""
        self.forgotten[usage_id] = self.blocks.pop(usage_id)

    def known(self) -> dict[Any, AuthoredBlock]:
        """Return the blocks, and those that were forgotten."""
        return {**self.forgotten, **self.blocks}

    def copy(self) -> Self:
        """Return a copy that can be changed while other requests read this course."""
        return replace(
            self,
            problems=[*self.problems],
            blocks={usage_id: block.copy() for usage_id, block in self.blocks.items()},
            forgotten={**self.forgotten},
            layout=self.layout.copy(),
            _index=None,
            _static_files=None,
        )

    def forget_source(self, usage_id: Any) -> None:
        """Drop the sources of the block and its ancestors, so that exports write them anew."""
        while usage_id in self.blocks:
            block = self.blocks[usage_id]
            block.source = block.score = None
            usage_id = block.fields.get("parent")

    def below(self, usage_id: Any, without: Any = None) -> Iterator[Any]:
        """Yield the block and all blocks inside it, each once.

        Leaves out the block `without`, and blocks that are inside that block only.
        """
        seen = {usage_id, without}
        waiting = [usage_id]
        while waiting:
            parent_id = waiting.pop()
            yield parent_id
            children = self.blocks[parent_id].children
            new = [each for each in children if each in self.blocks and each not in seen]
            seen.update(new)
            waiting += reversed(new)

    def above(self, usage_id: Any) -> set[Any]:
        """Return the block and all its ancestors, by each of its parents."""
        return {*self.index.above(usage_id)}

    @property
    def title(self) -> str:
        return self.blocks[self.usage_id].fields.get("display_name") or self.course_id

    @property
    def language(self) -> str | None:
        """The code of the language of its texts, or None if its authors did not name it."""
        language: str | None = self.blocks[self.usage_id].fields.get("language")
        return language

    def static_file(self, name: str) -> Path | None:
        """Return the file that pages refer to as `/static/<name>`, or None if there is none."""
        if self.folder is None:
            return None
        return (self._static_files or StaticFiles(self.folder)).find(name)


def key_of(course: CourseBlocks | None) -> Any:
    """Return the course key, or the course's id if it has no key; None for no course."""
    return course and getattr(course.usage_id, "context_key", course.course_id)
