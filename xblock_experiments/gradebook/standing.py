"""A learner's standings: what they are given now, and what they were given in earlier groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Sequence as Several
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from xblock_experiments.gradebook.given import GivenSequence
from xblock_experiments.gradebook.graded import Graded
from xblock_experiments.gradebook.points import Scores, points_in, total_of
from xblock_experiments.gradebook.structure import (
    NO_GROUPS,
    Arm,
    CourseStructure,
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
    structure: CourseStructure
    """The course's structure at that time."""


@dataclass(frozen=True, slots=True)
class Present:
    """The standing of a learner now."""

    given: Several[GivenSequence]

    def graded(self, scores: Scores) -> list[Graded]:
        return [each.graded(scores) for each in self.given if each.counts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """The standing of a learner until they left a group, but with today's common blocks."""

    learner: Standpoint
    today: CourseStructure
    until: datetime
    left: Mapping[tuple[int, int], Left] = field(default_factory=dict)
    """The groups that the learner has left since, by the ids of segmentation and group."""

    def graded(self, scores: Scores) -> list[Graded]:
        """Return the sequences with today's common blocks, and the arms as they were left."""
        sequences: dict[str, Sequence] = {}
        found: dict[str, dict[str, ScoredBlock]] = {}
        for version in self._versions():
            for sequence in version.sequences:
                if sequence.graded and self._is_given_in(version, sequence.ways):
                    sequences.setdefault(sequence.usage_id, sequence)
                found.setdefault(sequence.usage_id, {}).update(
                    (block.usage_id, block)
                    for block in sequence.blocks
                    if block.graded and self._is_given_in(version, block.ways)
                )
        return [
            Graded(
                sequence,
                total_of(points_in(block, scores) for block in found[usage_id].values()),
                tuple(found[usage_id].values()),
                self.until,
            )
            for usage_id, sequence in sequences.items()
            # The arm that was left may have had the only blocks that count.
            if sequence.counts or found[usage_id]
        ]

    def _versions(self) -> Iterator[CourseStructure]:
        """Yield today's structure, then each of the earlier ones once."""
        seen: set[int] = set()
        for version in (self.today, *(left.structure for left in self.left.values())):
            if id(version) not in seen:
                seen.add(id(version))
                yield version

    def _is_given_in(self, version: CourseStructure, ways: Ways) -> bool:
        """Return whether something is given, and whether this structure says what it was."""
        return any(self._version_of(way) is version for way in ways if is_met(way, self.learner))

    def _version_of(self, way: Way) -> CourseStructure:
        """Return today's structure, or the one from when the learner left the first of the arms."""
        arms = [self._end_in(each) for each in way if isinstance(each, Arm)]
        left = [each for each in arms if each]
        return min(left, key=attrgetter("when")).structure if left else self.today

    def _end_in(self, arm: Arm) -> Left | None:
        """Return when the learner left the arm, or None if they are in one of its groups."""
        held = self.learner.groups.get(arm.segmentation_id, NO_GROUPS) & arm.group_ids
        ends = [self.left.get((arm.segmentation_id, group_id)) for group_id in held]
        left = [end for end in ends if end]
        return max(left, key=attrgetter("when")) if left and len(left) == len(ends) else None


type Standing = Present | Earlier
