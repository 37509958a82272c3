"""A course's tree of blocks, and the structure for grading that follows from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

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

_NOBODY: Ways = frozenset()


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
                    ways=_both(ways[node.usage_id], self._ways[node.usage_id]),
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
        return self._ways_from(_along(OPEN, self._root), self._below(self._root))

    def _ways_inside(self, inside: list[Node]) -> dict[str, Ways]:
        """Return each block's ways through its sequence, which is the first of the nodes."""
        return self._ways_from(self._ways[inside[0].usage_id], inside)

    def _ways_from(self, ways: Ways, nodes: list[Node]) -> dict[str, Ways]:
        """Return each node's ways. The first node has the given ways, and contains the others."""
        found: dict[str, set[Way]] = defaultdict(set)
        found[nodes[0].usage_id] |= ways
        settled: dict[str, Ways] = {}
        for node in nodes:
            settled[node.usage_id] = _settled(found[node.usage_id])
            for child in self._children(node):
                found[child.usage_id] |= _along(_into(settled[node.usage_id], node, child), child)
        return settled

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


def _into(ways: Ways, parent: Node, child: Node) -> Ways:
    """Return the ways that lead through the parent to the child."""
    if parent.segmentation_id is None:
        return ways
    group_ids = parent.group_of_child.get(child.usage_id)
    if not group_ids:
        return _NOBODY
    return frozenset(way | {Arm(parent.segmentation_id, group_ids)} for way in ways)


def _along(ways: Ways, node: Node) -> Ways:
    """Return the ways with the node's own requirements."""
    return _NOBODY if node.staff_only else frozenset(way | node.requirements for way in ways)


def _settled(ways: Iterable[Way]) -> Ways:
    """Return the ways that decide.

    A block that stands in an arm is not given to everybody because it also stands in the open. A
    way with more requirements than another one adds nothing.
    """
    found = frozenset(ways)
    through_arms = frozenset(way for way in found if any(isinstance(each, Arm) for each in way))
    candidates = through_arms or found
    return frozenset(way for way in candidates if not any(other < way for other in candidates))


def _both(inside: Ways, anywhere: Ways) -> Ways:
    """Return the ways that meet one way of each."""
    return _settled(
        one | other
        for one in inside
        for other in ([frozenset()] if _includes_one(one, anywhere) else anywhere)
    )


def _includes_one(way: Way, ways: Ways) -> bool:
    return any(other <= way for other in ways)
