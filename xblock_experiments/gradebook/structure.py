"""The graded part of a course as pure values: sequences, scored blocks, and who is given them.

A block is given to a learner along a *way*: the requirements of everything that the block stands
in. It has several ways if it has several parents, and none if nobody is given it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from xblock_experiments.gradebook.policy import EQUAL_WEIGHTS, GradingPolicy

type GroupIds = Mapping[int, frozenset[int]]
"""A learner's group ids by segmentation id."""

NO_GROUPS: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Standpoint:
    """The facts about a learner that decide what is given to them."""

    groups: GroupIds
    now: datetime


@dataclass(frozen=True, slots=True)
class Arm:
    """The requirement to be in one of the groups whose arm this is."""

    segmentation_id: int
    group_ids: frozenset[int]

    def is_met(self, learner: Standpoint) -> bool:
        return not self.group_ids.isdisjoint(learner.groups.get(self.segmentation_id, NO_GROUPS))


@dataclass(frozen=True, slots=True)
class Access:
    """The requirement of a block's `group_access` for one segmentation."""

    segmentation_id: int
    group_ids: frozenset[int]

    def is_met(self, learner: Standpoint) -> bool:
        return not self.group_ids.isdisjoint(learner.groups.get(self.segmentation_id, NO_GROUPS))


@dataclass(frozen=True, slots=True)
class Start:
    """The requirement that a block has started."""

    at: datetime

    def is_met(self, learner: Standpoint) -> bool:
        return self.at <= learner.now


type Requirement = Arm | Access | Start
type Way = frozenset[Requirement]
type Ways = frozenset[Way]

OPEN: Ways = frozenset({frozenset()})
"""The ways of a block that everybody is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredBlock:
    """A block that can have a score."""

    usage_id: str
    type: str
    display_name: str
    unit_id: str
    """The usage id of the unit that it stands in."""
    possible: float | None = None
    """The points that its package says are possible, or None if it does not say."""
    weight: float | None = None
    """The points that the author gave to it, or None for the block's own points."""
    graded: bool = False
    """Indicates whether Open edX would count its score."""
    due: datetime | None = None
    ways: Ways = OPEN

    @property
    def arms(self) -> frozenset[Arm]:
        """The arms that it stands in, at any depth."""
        return frozenset(each for way in self.ways for each in way if isinstance(each, Arm))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A lesson, which is graded as a whole."""

    usage_id: str
    display_name: str
    chapter: str
    """The display name of its section."""
    chapter_id: str = ""
    """The usage id of its section. Earlier releases did not store it."""
    format: str
    """The assignment type that the author chose, or '' for none."""
    graded: bool
    due: datetime | None = None
    ways: Ways = OPEN
    blocks: tuple[ScoredBlock, ...] = ()
    """The blocks in the order of the page. A block that stands in two sequences is in both."""

    @property
    def counts(self) -> bool:
        """Return whether it is graded, and has a block that counts for some learner."""
        return self.graded and any(block.graded for block in self.blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseStructure:
    """The sequences of a course in order, with the policy by which they are graded."""

    course_id: str
    sequences: tuple[Sequence, ...] = ()
    policy: GradingPolicy = field(default=EQUAL_WEIGHTS)


def is_given(ways: Ways, learner: Standpoint) -> bool:
    """Return whether the learner meets all requirements of one of the ways."""
    # Loops take half the time of generators. Reports ask this for each block and learner.
    for way in ways:  # noqa: SIM110
        if is_met(way, learner):
            return True
    return False


def is_met(way: Way, learner: Standpoint) -> bool:
    for requirement in way:  # noqa: SIM110
        if not requirement.is_met(learner):
            return False
    return True
