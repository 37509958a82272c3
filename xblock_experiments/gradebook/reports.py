"""Reports of a course for its staff and for researchers.

Each is a function of the course that returns a table. Its rows are computed a thousand learners at
a time, so memory stays flat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import batched

from xblock_experiments.course_user_segmentation.api import get_histories_of, get_segmentations
from xblock_experiments.course_user_segmentation.data import Change, UserSegmentation
from xblock_experiments.course_user_segmentation.types import EXPERIMENT
from xblock_experiments.database.rows import AT_ONCE
from xblock_experiments.experiments.api import get_exposures, get_first_exposures_of
from xblock_experiments.experiments.data import Exposure
from xblock_experiments.gradebook import structures
from xblock_experiments.gradebook.data import CourseGrade
from xblock_experiments.gradebook.grading import grades_in, present_blocks_of
from xblock_experiments.gradebook.learners import learners_of
from xblock_experiments.gradebook.numbers import as_float, exact, share
from xblock_experiments.gradebook.reading import scores_of
from xblock_experiments.gradebook.structure import CourseStructure, ScoredBlock
from xblock_experiments.gradebook.structure import Sequence as Lesson
from xblock_experiments.gradebook.tables import Cell, Column, Table

NOT_AVAILABLE, NOT_ATTEMPTED = "Not Available", "Not Attempted"
"""Open edX's words for a block that a learner is not given, and for one without a score."""

_STUDENT = Column("Student ID", "The id of the learner's user.")


def grade_report(course_id: str) -> Table:
    """Return a row for each learner with the grade, each sequence, and each experiment's group.

    Raises NoStructure.
    """
    structure = structures.newest(course_id)
    lessons = [each for each in structure.sequences if each.counts]
    experiments = get_segmentations(course_id, type=EXPERIMENT)
    return Table(
        (
            _STUDENT,
            Column("Grade", "The grade from 0 to 1, not rounded."),
            Column("Letter", "The letter by the course's ranges, or empty."),
            *(_column_of(lesson) for lesson in lessons),
            *(column for experiment in experiments for column in _columns_of(experiment)),
        ),
        _grade_rows(structure, lessons, experiments),
    )


def problem_report(course_id: str) -> Table:
    """Return a row for each learner with the points in each scored block. Raises NoStructure."""
    structure = structures.newest(course_id)
    blocks = {block.usage_id: block for each in structure.sequences for block in each.blocks}
    return Table(
        (
            _STUDENT,
            *(column for block in blocks.values() for column in _columns_of_block(block)),
        ),
        _problem_rows(structure, blocks),
    )


def assignment_report(course_id: str) -> Table:
    """Return a row for each move of each learner, in the order in which a learner was moved."""
    return Table(
        (
            _STUDENT,
            Column("Experiment ID", "The id of the segmentation in its course."),
            Column("Experiment", "The present name of the segmentation."),
            Column("When", "The time of the move, in UTC."),
            Column("From Group ID", "The id of the group before, or empty."),
            Column("To Group ID", "The id of the group afterwards, or empty."),
            Column("To Group", "The present name of that group, or empty if it was removed."),
            Column("Why", "The reason: assigned, group removed, imported, put or removed."),
            Column("Version", "The version of the segmentation under which the move was made."),
        ),
        _assignment_rows(course_id),
    )


def exposure_report(course_id: str) -> Table:
    """Return a row for each learner, block and group, with the first time it was shown."""
    return Table(
        (
            _STUDENT,
            Column("Experiment ID", "The id of the segmentation in its course."),
            Column("Experiment", "The present name of the segmentation."),
            Column("Group ID", "The id of the learner's group at that time."),
            Column("Group", "The present name of that group, or empty if it was removed."),
            Column("Block", "The usage id of the block that showed the arm."),
            Column("When", "The time at which it was shown first, in UTC."),
        ),
        _exposure_rows(course_id),
    )


REPORTS: Mapping[str, Callable[[str], Table]] = {
    "grades": grade_report,
    "problems": problem_report,
    "assignments": assignment_report,
    "exposures": exposure_report,
}
"""The reports by their names in commands, addresses and file names."""


def _grade_rows(
    structure: CourseStructure, lessons: Sequence[Lesson], experiments: Sequence[UserSegmentation]
) -> Iterator[tuple[Cell, ...]]:
    course_id = structure.course_id
    for user_ids in batched(learners_of(course_id), AT_ONCE):
        histories = get_histories_of(course_id, user_ids)
        exposures = get_first_exposures_of(course_id, user_ids)
        for grade in grades_in(structure, user_ids):
            assigned = dict(histories.get(grade.user_id, ()))
            exposed = exposures.get(grade.user_id, {})
            yield (
                grade.user_id,
                grade.percent,
                grade.letter,
                *_shares(grade, lessons),
                *(
                    cell
                    for experiment in experiments
                    for cell in _cells_of(
                        experiment, assigned.get(experiment.id), exposed.get(experiment.id)
                    )
                ),
            )


def _shares(grade: CourseGrade, lessons: Sequence[Lesson]) -> Iterator[Cell]:
    given = {each.usage_id: each for each in grade.sequences}
    for lesson in lessons:
        found = given.get(lesson.usage_id)
        if found is None:
            yield NOT_AVAILABLE
        else:
            yield as_float(share(exact(found.earned), exact(found.possible)))


def _problem_rows(
    structure: CourseStructure, blocks: Mapping[str, ScoredBlock]
) -> Iterator[tuple[Cell, ...]]:
    for user_ids in batched(learners_of(structure.course_id), AT_ONCE):
        given = present_blocks_of(structure, user_ids)
        for user_id, scores in scores_of(structure.course_id, user_ids, None):
            cells: list[Cell] = [user_id]
            for usage_id, block in blocks.items():
                score = scores.get(usage_id)
                if usage_id not in given[user_id]:
                    cells += [NOT_AVAILABLE, NOT_AVAILABLE]
                elif score is None:
                    cells += [NOT_ATTEMPTED, block.possible]
                else:
                    cells += [score.earned, score.possible]
            yield tuple(cells)


def _assignment_rows(course_id: str) -> Iterator[tuple[Cell, ...]]:
    experiments = _Names(course_id)
    for user_ids in batched(learners_of(course_id), AT_ONCE):
        histories = get_histories_of(course_id, user_ids)
        for user_id in user_ids:
            for id, change in histories.get(user_id, ()):
                yield (
                    user_id,
                    id,
                    experiments.name(id),
                    _moment(change.when),
                    change.from_group_id,
                    change.to_group_id,
                    experiments.group(id, change.to_group_id),
                    change.why,
                    change.version,
                )


def _exposure_rows(course_id: str) -> Iterator[tuple[Cell, ...]]:
    names = _Names(course_id)
    for experiment in get_segmentations(course_id, type=EXPERIMENT):
        for each in get_exposures(course_id, experiment.id):
            yield (
                each.user_id,
                experiment.id,
                experiment.name,
                each.group_id,
                names.group(experiment.id, each.group_id),
                each.usage_id,
                _moment(each.when),
            )


class _Names:
    """The present names of a course's segmentations and groups."""

    def __init__(self, course_id: str) -> None:
        self._segmentations = {each.id: each for each in get_segmentations(course_id)}

    def name(self, id: int) -> str:
        return self._segmentations[id].name if id in self._segmentations else ""

    def group(self, id: int, group_id: int | None) -> str:
        groups = self._segmentations[id].groups if id in self._segmentations else ()
        return next((group.name for group in groups if group.id == group_id), "")


def _column_of(lesson: Lesson) -> Column:
    name = f"{lesson.format}: {lesson.display_name}" if lesson.format else lesson.display_name
    return Column(name, "The learner's part of the possible points in a graded sequence, from 0.")


def _columns_of(experiment: UserSegmentation) -> tuple[Column, ...]:
    name = experiment.name
    return (
        Column(f"Experiment Group ({name})", "The name of the assigned group, or empty."),
        Column(f"Assigned ({name})", "The time of the assignment, in UTC."),
        Column(f"Version ({name})", "The version of the segmentation at the assignment."),
        Column(f"First Exposed ({name})", "The time at which an arm was first shown, in UTC."),
        Column(f"First Exposed At ({name})", "The usage id of the block that showed it."),
    )


def _cells_of(
    experiment: UserSegmentation, last: Change | None, exposure: Exposure | None
) -> tuple[Cell, ...]:
    group_id = last.to_group_id if last else None
    return (
        next((group.name for group in experiment.groups if group.id == group_id), ""),
        _moment(last.when) if last and group_id is not None else "",
        last.version if last and group_id is not None else "",
        _moment(exposure.when) if exposure else "",
        exposure.usage_id if exposure else "",
    )


def _columns_of_block(block: ScoredBlock) -> tuple[Column, Column]:
    return (
        Column(f"{block.display_name} (Earned)", "The learner's points in the block."),
        Column(f"{block.display_name} (Possible)", "The possible points, without a weight."),
    )


def _moment(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="seconds")
