"""A course in the memory of the workbench: what its authors wrote. Learners' state is elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from xblock_experiments.keys.usage import url_name_of
from xblock_experiments.olx.untrusted import is_file


@dataclass(slots=True)
class Layout:
    """How a course was read, so that it can be written again without loss."""

    names: dict[str, str] = field(default_factory=dict)
    """The org and the course that its root gave."""
    files: dict[Any, str | None] = field(default_factory=dict)
    """Where the definition of each block was; None where it stood in that of another one."""
    texts: dict[Any, str] = field(default_factory=dict)
    """Where the text of blocks was that have it in a file of its own."""
    left_out: dict[Any, list[tuple[Any, str]]] = field(default_factory=dict)
    """Elements in a block that are no blocks, and the child that each stands after, if any."""
    policy: dict[str, dict[str, Any]] = field(default_factory=dict)
    policy_file: str | None = None
    written: set[str] = field(default_factory=set)
    """Files of blocks that were written since."""

    def copy(self) -> Self:
        return replace(
            self,
            files={**self.files},
            texts={**self.texts},
            left_out={usage_id: [*elements] for usage_id, elements in self.left_out.items()},
            policy={**self.policy},
            written={*self.written},
        )


@dataclass(slots=True)
class CourseBlocks:
    """The blocks of one course, by usage id, in the order they were read."""

    course_id: str
    name: str
    """The course's part of addresses: `/scenario/<name>/`."""
    usage_id: Any = None
    """The root's."""
    folder: Path | None = None
    origin: Path | None = None
    """What the workbench was told to serve: a folder or an archive, perhaps edited since."""
    problems: list[str] = field(default_factory=list)
    types: dict[Any, str] = field(default_factory=dict)
    """Each block's type."""
    values: dict[Any, dict[str, Any]] = field(default_factory=dict)
    """Each block's authored fields."""
    inherited: dict[Any, dict[str, str]] = field(default_factory=dict)
    """What blocks give to all blocks in them: names of settings, and their text."""
    placeholders: set[Any] = field(default_factory=set)
    """Blocks that cannot run here, though one of their type may."""
    sources: dict[Any, str] = field(default_factory=dict)
    """The element of each block that is no structure, as it was read. Whoever changes a block
    removes its source."""
    layout: Layout = field(default_factory=Layout)

    def find(self, address: str) -> Any:
        """The usage id of the block of that url_name, or `<type>.<url_name>`; None where none is.

        The bare url_name means the first block that has it.
        """
        for usage_id in self.types:
            if url_name_of(usage_id) == address:
                return usage_id
        for usage_id, block_type in self.types.items():
            if f"{block_type}.{url_name_of(usage_id)}" == address:
                return usage_id
        return None

    def address_of(self, usage_id: Any) -> str:
        """What finds the block: its url_name, unless that means another one."""
        url_name = str(url_name_of(usage_id))
        return url_name if self.find(url_name) == usage_id else f"{self.types[usage_id]}.{url_name}"

    def inherited_by(self, usage_id: Any, name: str) -> str:
        """The setting as the nearest block has it that has it. Raises KeyError."""
        while name not in self.inherited.get(usage_id, {}):
            usage_id = self.values[usage_id]["parent"]
        return self.inherited[usage_id][name]

    def forget_since(self, number: int) -> None:
        """Forget the blocks that were added after there were `number` of them, and their files."""
        layout = self.layout
        for usage_id in list(self.types)[number:]:
            self.forget(usage_id)
            for read in (layout.files, layout.texts, layout.left_out):
                read.pop(usage_id, None)

    def forget_unreachable(self) -> None:
        """Forget the blocks that stand nowhere in the course any more."""
        kept = set(self.below(self.usage_id))
        for usage_id in [each for each in self.types if each not in kept]:
            self.forget(usage_id)

    def forget(self, usage_id: Any) -> None:
        """Forget one block, whatever stands in it. Which files were its own is still known."""
        self.placeholders.discard(usage_id)
        for known in (self.types, self.values, self.inherited, self.sources):
            known.pop(usage_id, None)

    def copy(self) -> Self:
        """To be changed while others read this one. No value of a field is changed in place."""
        return replace(
            self,
            problems=[*self.problems],
            types={**self.types},
            values={usage_id: {**values} for usage_id, values in self.values.items()},
            inherited={**self.inherited},
            placeholders={*self.placeholders},
            sources={**self.sources},
            layout=self.layout.copy(),
        )

    def forget_source(self, usage_id: Any) -> None:
        """How the block was read, and what it stands in: it is to be written as it is now."""
        while usage_id in self.values:
            self.sources.pop(usage_id, None)
            usage_id = self.values[usage_id].get("parent")

    def below(self, usage_id: Any, without: Any = None) -> Iterator[Any]:
        """The block and all in it, each once; but not `without`, and what stands in that only."""
        seen = {usage_id, without}
        waiting = [usage_id]
        while waiting:
            parent_id = waiting.pop()
            yield parent_id
            children = self.values[parent_id].get("children", [])
            new = [each for each in children if each in self.values and each not in seen]
            seen.update(new)
            waiting += reversed(new)

    def above(self, usage_id: Any) -> set[Any]:
        """All that the block stands in, wherever it stands, and itself."""
        parents: dict[Any, list[Any]] = {}
        for parent_id, values in self.values.items():
            for child_id in values.get("children", []):
                parents.setdefault(child_id, []).append(parent_id)
        found, waiting = {usage_id}, [usage_id]
        while waiting:
            new = [each for each in parents.get(waiting.pop(), []) if each not in found]
            found.update(new)
            waiting += new
        return found

    @property
    def title(self) -> str:
        return self.values[self.usage_id].get("display_name") or self.course_id

    def static_file(self, path: str) -> Path | None:
        """A file that the course's pages refer to as `/static/…`; None where there is none."""
        if self.folder is None or "\x00" in path:
            return None
        root = self.folder.resolve() / "static"
        try:
            file = (root / path).resolve()
        except (OSError, RuntimeError):
            return None
        return file if file.is_relative_to(root) and is_file(file) else None


def key_of(course: CourseBlocks | None) -> Any:
    """Return the course key, or the course's id if it has no key; None for no course."""
    return course and getattr(course.usage_id, "context_key", course.course_id)
