"""A course's tree of blocks, and the structure for grading that follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from xblock_experiments.gradebook.data import TooManyWays
from xblock_experiments.gradebook.policy import EQUAL_WEIGHTS, GradingPolicy
from xblock_experiments.gradebook.structure import (
    OPEN,
    Access,
    Arm,
    CourseStructure,
    Requirement,
    ScoredBlock,
    Sequence,
    Start,
    Way,
    Ways,
)
from xblock_experiments.gradebook.ways import MOST_WAYS, NOBODY, TooMany, along, both, merged


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One block of the tree, with its own settings and those that it inherits."""

    usage_id: str
    type: str
    display_name: str = ""
    children: tuple[str, ...] = ()
    """The usage ids of its children, in order."""
    segmentation_id: int | None = None
    """The segmentation that divides its children, or None if they are not divided."""
    group_of_child: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """The ids of the groups that are given each child. Nobody is given any other child."""
    group_access: Mapping[int, frozenset[int]] = field(default_factory=dict)
    """The ids of the groups that may see it, by segmentation id. No groups mean everybody."""
    staff_only: bool = False
    start: datetime | None = None
    due: datetime | None = None
    format: str = ""
    graded: bool = False
    is_scored: bool = False
    possible: float | None = None
    weight: float | None = None

    @property
    def requirements(self) -> Way:
        """The requirements for the block itself, wherever it stands."""
        access: list[Requirement] = [
            Access(id, group_ids) for id, group_ids in self.group_access.items() if group_ids
        ]
        return frozenset([*access, *([Start(self.start)] if self.start else [])])


class Tree:
    """The blocks of a course by usage id. A block can have several parents.

    The nodes below the root must not contain themselves.
    """

    def __init__(self, root_id: str, nodes: Iterable[Node]) -> None:
        self._nodes = {node.usage_id: node for node in nodes}
        self._root = self._nodes[root_id]

    def structure(self, course_id: str, policy: GradingPolicy = EQUAL_WEIGHTS) -> CourseStructure:
        """Return the structure for grading. Raises TooManyWays."""
        return CourseStructure(
            course_id=course_id, sequences=tuple(self._sequences()), policy=policy
        )

    def _sequences(self) -> Iterator[Sequence]:
        seen: set[str] = set()
        for chapter in self._undivided(self._root):
            for node in self._undivided(chapter):
                if node.usage_id not in seen:
                    seen.add(node.usage_id)
                    yield self._sequence(node, chapter)

    def _sequence(self, node: Node, chapter: Node) -> Sequence:
        return Sequence(
            usage_id=node.usage_id,
            display_name=node.display_name,
            chapter=chapter.display_name,
            chapter_id=chapter.usage_id,
            format=node.format,
            graded=node.graded,
            due=node.due,
            ways=self._ways[node.usage_id],
            blocks=tuple(self._scored_blocks(node)),
        )

    def _scored_blocks(self, sequence: Node) -> Iterator[ScoredBlock]:
        inside = self._below(sequence)
        ways = self._ways_inside(inside)
        units = self._units(sequence)
        for node in inside:
            if node.is_scored:
                yield ScoredBlock(
                    usage_id=node.usage_id,
                    type=node.type,
                    display_name=node.display_name,
                    unit_id=units[node.usage_id],
                    possible=node.possible,
                    weight=node.weight,
                    graded=node.graded,
                    due=node.due,
                    ways=self._both(node, ways[node.usage_id]),
                )

    def _units(self, sequence: Node) -> dict[str, str]:
        """Return the usage id of each block's unit: the block directly below the sequence.

        A problem that stands where a sequence should is its own unit.
        """
        units = {sequence.usage_id: sequence.usage_id}
        for unit in self._undivided(sequence):
            for node in self._below(unit):
                units.setdefault(node.usage_id, unit.usage_id)
        return units

    def _undivided(self, parent: Node) -> Iterator[Node]:
        """Yield the children, with those of an experiment in its place."""
        for child in self._children(parent):
            if child.segmentation_id is None:
                yield child
            else:
                yield from self._undivided(child)

    @cached_property
    def _ways(self) -> dict[str, Ways]:
        """Each block's ways from the root, by usage id."""
        ways = NOBODY if self._root.staff_only else along(OPEN, self._root.requirements)
        return self._ways_from(ways, self._below(self._root))

    def _ways_inside(self, inside: list[Node]) -> dict[str, Ways]:
        """Return each block's ways through its sequence, which is the first of the nodes."""
        return self._ways_from(self._ways[inside[0].usage_id], inside)

    def _ways_from(self, ways: Ways, nodes: list[Node]) -> dict[str, Ways]:
        """Return each node's ways. The first node has the given ways, and contains the others.

        Each node comes after all that contain it, so its ways are complete when it is reached.
        """
        found: dict[str, Ways] = {nodes[0].usage_id: ways}
        for node in nodes:
            for child in self._children(node):
                into = _into(found[node.usage_id], node, child)
                with _naming(child):
                    found[child.usage_id] = merged(found.get(child.usage_id, NOBODY), into)
        return found

    def _both(self, block: Node, inside: Ways) -> Ways:
        """Return the ways that are inside the sequence, and are among all of the block's ways."""
        with _naming(block):
            return both(inside, self._ways[block.usage_id])

    def _below(self, top: Node) -> list[Node]:
        """Return the block and everything in it, each once and before what it contains."""
        found: dict[str, Node] = {}

        def visit(node: Node) -> None:
            if node.usage_id not in found:
                for child in reversed(self._children(node)):
                    visit(child)
                found[node.usage_id] = node

        visit(top)
        return list(reversed(found.values()))

    def _children(self, node: Node) -> list[Node]:
        return [self._nodes[each] for each in node.children if each in self._nodes]


@contextmanager
def _naming(block: Node) -> Iterator[None]:
    """Name the block in the error if there are too many ways to it."""
    try:
        yield
    except TooMany as error:
        raise TooManyWays(block.usage_id, MOST_WAYS) from error


def _into(ways: Ways, parent: Node, child: Node) -> Ways:
    """Return the ways that lead through the parent into the child."""
    if child.staff_only:
        return NOBODY
    if parent.segmentation_id is None:
        return along(ways, child.requirements)
    group_ids = parent.group_of_child.get(child.usage_id)
    if not group_ids:
        return NOBODY
    return along(ways, child.requirements | {Arm(parent.segmentation_id, group_ids)})
