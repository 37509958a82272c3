"""Grades of learners, from the stored structure, groups and scores. Assigns nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched

from django.utils import timezone

from xblock_experiments.course_user_segmentation.api import OverTime, get_groups_over_time
from xblock_experiments.course_user_segmentation.data import GroupsOverTime, Spell
from xblock_experiments.database.rows import AT_ONCE
from xblock_experiments.gradebook import structures
from xblock_experiments.gradebook.data import CourseGrade
from xblock_experiments.gradebook.given import GivenBlocks
from xblock_experiments.gradebook.grades import Outcome, course_grade, outcome
from xblock_experiments.gradebook.held import held_at
from xblock_experiments.gradebook.points import Scores
from xblock_experiments.gradebook.reading import raw_points_of
from xblock_experiments.gradebook.standing import Earlier, Left, Present, Standing
from xblock_experiments.gradebook.structure import CourseStructure
from xblock_experiments.gradebook.versions import CourseAt, Versions
from xblock_experiments.settings.common import setting


def grades_of(
    course_id: str, user_ids: Iterable[str], now: datetime | None = None
) -> Iterator[CourseGrade]:
    """Return the grades in the users' order. Raises NoStructure.

    Makes a constant number of queries for each 1,000 users.
    """
    grader = Grader(structures.newest(course_id), now)
    return (grader.grade(learner) for learner in grader.learners(user_ids))


def present_blocks_of(
    structure: CourseStructure, user_ids: Sequence[str], now: datetime | None = None
) -> dict[str, frozenset[str]]:
    """Return the usage ids of the scored blocks that each user is given now, by user id."""
    given = GivenBlocks(structure, now or timezone.now())
    return {
        user_id: frozenset(block.usage_id for each in given.to(groups.now) for block in each.blocks)
        for user_id, groups in get_groups_over_time(structure.course_id, user_ids)
    }


@dataclass(frozen=True, slots=True)
class Learner:
    """The facts from which one learner's grade is computed."""

    user_id: str
    groups: GroupsOverTime
    scores: Scores
    present: Present
    earlier: Sequence[Earlier]
    """The standings that ended when the learner left a group. None without KEEP_POINTS."""

    @property
    def standings(self) -> Sequence[Standing]:
        """The standings that count.

        A learner whom an experiment will assign again has no standing now: they would be graded
        without any of its arms until the next visit.
        """
        if self.earlier and self.groups.to_be_assigned:
            return self.earlier
        return [self.present, *self.earlier]


class Grader:
    """Grades the learners of a course. Reads and computes once what they have in common."""

    def __init__(self, structure: CourseStructure, now: datetime | None = None) -> None:
        self.policy = structure.policy
        self._course_id = structure.course_id
        self._given = GivenBlocks(structure, now or timezone.now())
        self._groups = OverTime(structure.course_id)
        self._versions = Versions(structure.course_id, self._given.now)
        self._keeps_points = bool(setting("KEEP_POINTS"))

    def learners(self, user_ids: Iterable[str]) -> Iterator[Learner]:
        """Yield the learners in the users' order. Up to four queries for each 1,000 users."""
        for batch in batched(user_ids, AT_ONCE):
            groups = dict(self._groups.groups_of(batch))
            then = self._versions.at(self._ends(groups.values()))
            for user_id, scores in raw_points_of(self._course_id, batch):
                yield self._learner(user_id, groups[user_id], scores, then)

    def grade(self, learner: Learner) -> CourseGrade:
        found = self.outcome(learner, learner.standings)
        return course_grade(learner.user_id, self.policy, found)

    def outcome(self, learner: Learner, standings: Sequence[Standing]) -> Outcome:
        """Return the learner's grade, exactly, if only these standings count."""
        return outcome(self.policy, standings, learner.scores)

    def _learner(
        self, user_id: str, groups: GroupsOverTime, scores: Scores, then: CourseAt
    ) -> Learner:
        ends = sorted(self._ends([groups]))
        return Learner(
            user_id,
            groups,
            scores,
            Present(self._given.to(groups.now)),
            [self._earlier(end, groups.spells, then) for end in ends],
        )

    def _ends(self, everybody: Iterable[GroupsOverTime]) -> set[datetime]:
        """Return the times at which learners left a group, if they keep their points."""
        if not self._keeps_points:
            return set()
        return {spell.until for groups in everybody for spell in groups.spells if spell.until}

    def _earlier(self, end: datetime, spells: Sequence[Spell], then: CourseAt) -> Earlier:
        """Return the standing up to that moment."""
        ids: dict[int, frozenset[int]] = {}
        left: dict[tuple[int, int], Left] = {}
        for spell in held_at(end, spells):
            id, group_id = spell.segmentation_id, spell.group_id
            ids[id] = ids.get(id, frozenset()) | {group_id}
            if spell.until:
                left[id, group_id] = Left(spell.until, then[spell.until] or self._given)
        return Earlier(groups=ids, today=self._given, until=end, left=left)
