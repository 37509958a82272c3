"""Grades of learners, from the stored structure, groups and scores. Assigns nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import batched

from django.utils import timezone

from xblock_experiments.course_user_segmentation.api import get_groups_over_time
from xblock_experiments.course_user_segmentation.data import GroupsOverTime, Spell
from xblock_experiments.database.rows import AT_ONCE
from xblock_experiments.gradebook import structures
from xblock_experiments.gradebook.data import CourseGrade
from xblock_experiments.gradebook.grades import Scores, Standing, grade
from xblock_experiments.gradebook.reading import points_of
from xblock_experiments.gradebook.structure import CourseStructure, Standpoint
from xblock_experiments.settings.common import setting

type _Structures = Mapping[datetime, CourseStructure | None]


def grades_of(course_id: str, user_ids: Iterable[str]) -> Iterator[CourseGrade]:
    """Return the grades in the users' order. Raises NoStructure.

    Makes a constant number of queries for each 1,000 users.
    """
    return grades_in(structures.newest(course_id), user_ids)


def grades_in(structure: CourseStructure, user_ids: Iterable[str]) -> Iterator[CourseGrade]:
    """Yield the grades by this structure, in the users' order."""
    course_id, now = structure.course_id, timezone.now()
    for batch in batched(user_ids, AT_ONCE):
        groups = dict(get_groups_over_time(course_id, batch))
        then = _structures_then(course_id, groups.values())
        for user_id, scores in points_of(course_id, batch):
            standings = _standings(structure, groups[user_id], then, now)
            yield grade(user_id, structure.policy, standings, scores)


def grade_of(
    structure: CourseStructure, user_id: str, groups: GroupsOverTime, scores: Scores
) -> CourseGrade:
    """Return the grade of one user, whose groups and scores the caller has read."""
    then = _structures_then(structure.course_id, [groups])
    standings = _standings(structure, groups, then, timezone.now())
    return grade(user_id, structure.policy, standings, scores)


def present_blocks_of(
    structure: CourseStructure, user_ids: Sequence[str]
) -> dict[str, frozenset[str]]:
    """Return the usage ids of the scored blocks that each user is given now, by user id."""
    now = timezone.now()
    return {
        user_id: frozenset(
            block.usage_id
            for _, blocks in structure.given(Standpoint(groups.now, now))
            for block in blocks
        )
        for user_id, groups in get_groups_over_time(structure.course_id, user_ids)
    }


def _standings(
    structure: CourseStructure, groups: GroupsOverTime, then: _Structures, now: datetime
) -> list[Standing]:
    """Return the learner's standing now, and those that ended when the learner left a group.

    Without the setting KEEP_POINTS, only the first. A learner whom an experiment will assign again
    has no standing now: they would be graded without any of its arms until the next visit.
    """
    present = Standing(learner=Standpoint(groups.now, now), today=structure)
    if not setting("KEEP_POINTS"):
        return [present]
    ends = sorted({spell.until for spell in groups.spells if spell.until})
    earlier = [_standing_at(end, structure, groups, then, now) for end in ends]
    return earlier if earlier and groups.to_be_assigned else [present, *earlier]


def _structures_then(course_id: str, everybody: Iterable[GroupsOverTime]) -> _Structures:
    """Return the structures at the times when learners left a group."""
    ends = {spell.until for groups in everybody for spell in groups.spells if spell.until}
    return structures.versions_at(course_id, ends) if setting("KEEP_POINTS") else {}


def _standing_at(
    end: datetime,
    today: CourseStructure,
    groups: GroupsOverTime,
    then: _Structures,
    now: datetime,
) -> Standing:
    """Return the standing up to that moment.

    In a segmentation that the learner only met later, it is the first group: otherwise they would
    be graded without an arm that they had to work on.
    """
    held = _held_at(end, groups.spells)
    ids: dict[int, frozenset[int]] = {}
    left: dict[int, tuple[datetime, CourseStructure]] = {}
    for spell in held:
        ids[spell.segmentation_id] = ids.get(spell.segmentation_id, frozenset()) | {spell.group_id}
        structure = then[spell.until] if spell.until else None
        if spell.until and structure:
            left[spell.segmentation_id] = spell.until, structure
    return Standing(learner=Standpoint(ids, now), today=today, left=left)


def _held_at(end: datetime, spells: Sequence[Spell]) -> list[Spell]:
    """Return the spells that lasted until that moment or longer, or else began first after it."""
    present = [
        spell for spell in spells if spell.since < end and (not spell.until or end <= spell.until)
    ]
    known = {spell.segmentation_id for spell in spells if spell.since < end}
    first: dict[int, Spell] = {}
    for spell in spells:
        if spell.segmentation_id not in known:
            first.setdefault(spell.segmentation_id, spell)
    return [*present, *first.values()]
