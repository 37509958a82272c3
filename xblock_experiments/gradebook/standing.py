"""A learner's standings: what they are given now, and what they were given in earlier groups."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence as Several
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from xblock_experiments.gradebook.given import GivenBlocks, GivenSequence
from xblock_experiments.gradebook.graded import Graded
from xblock_experiments.gradebook.points import Scores, points_in, total_of
from xblock_experiments.gradebook.structure import (
    NO_GROUPS,
    Arm,
    GroupIds,
    ScoredBlock,
    Sequence,
    Standpoint,
    Way,
    Ways,
    is_met,
)


class Left(NamedTuple):
    """The end of a learner's time in a group."""

    when: datetime
    course: GivenBlocks
    """The course as it was published at that time, or as it is now if that is not known."""


@dataclass(frozen=True, slots=True)
class Present:
    """The standing of a learner now."""

    given: Several[GivenSequence]

    def graded(self, scores: Scores) -> list[Graded]:
        return [each.graded(scores) for each in self.given if each.counts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """The standing of a learner until they left a group, but with today's common blocks."""

    groups: GroupIds
    today: GivenBlocks
    until: datetime
    left: Mapping[tuple[int, int], Left] = field(default_factory=dict)
    """The groups that the learner has left since, by the ids of segmentation and group."""

    def graded(self, scores: Scores) -> list[Graded]:
        """Return the sequences with today's common blocks, and the arms as they were left.

        Most sequences do not depend on a group that was left.
        """
        unmoved = Present(self.today.to(self.groups)).graded(scores)
        found: dict[str, Graded | None] = {each.sequence.usage_id: each for each in unmoved}
        for usage_id in self._moved():
            found[usage_id] = self._as_left(usage_id, scores)
        order = dict.fromkeys(id for course in self._courses() for id in course.sequences)
        return [each for usage_id in order if (each := found.get(usage_id))]

    def _moved(self) -> set[str]:
        """Return the sequences that depend on a group that was left, in one of the courses."""
        ids = {id for id, _ in self.left}
        return {
            usage_id
            for course in self._courses()
            for id in ids
            for usage_id in course.depending.get(id, ())
        }

    def _as_left(self, usage_id: str, scores: Scores) -> Graded | None:
        given: Sequence | None = None
        blocks: dict[str, ScoredBlock] = {}
        for course in self._courses():
            sequence = course.sequences.get(usage_id)
            if sequence is None:
                continue
            if sequence.graded and self._is_given_in(course, sequence.ways):
                given = given or sequence
            blocks |= {
                block.usage_id: block
                for block in sequence.blocks
                if block.graded and self._is_given_in(course, block.ways)
            }
        # The arm that was left may have had the only blocks that count.
        if given is None or not (given.counts or blocks):
            return None
        points = total_of(points_in(block, scores) for block in blocks.values())
        return Graded(given, points, tuple(blocks.values()), self.until)

    def _courses(self) -> list[GivenBlocks]:
        """Return the course today, then each of the earlier ones once."""
        return list(dict.fromkeys([self.today, *(left.course for left in self.left.values())]))

    def _is_given_in(self, course: GivenBlocks, ways: Ways) -> bool:
        """Return whether something is given, and whether this course says what it was."""
        learner = Standpoint(self.groups, self.today.now)
        return any(self._course_of(way) is course for way in ways if is_met(way, learner))

    def _course_of(self, way: Way) -> GivenBlocks:
        """Return the course today, or the one from when the learner left the first of the arms."""
        arms = [self._end_in(each) for each in way if isinstance(each, Arm)]
        left = [each for each in arms if each]
        return min(left, key=attrgetter("when")).course if left else self.today

    def _end_in(self, arm: Arm) -> Left | None:
        """Return when the learner left the arm, or None if they are in one of its groups."""
        held = self.groups.get(arm.segmentation_id, NO_GROUPS) & arm.group_ids
        ends = [self.left.get((arm.segmentation_id, group_id)) for group_id in held]
        left = [end for end in ends if end]
        return max(left, key=attrgetter("when")) if left and len(left) == len(ends) else None


type Standing = Present | Earlier
