"""The grade report: each learner's grade, and their group in each experiment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import batched

from xblock_experiments.course_user_segmentation.api import get_segmentations
from xblock_experiments.course_user_segmentation.data import Assignment, UserSegmentation
from xblock_experiments.course_user_segmentation.types import EXPERIMENT
from xblock_experiments.database.rows import AT_ONCE
from xblock_experiments.experiments.api import get_first_exposures_of
from xblock_experiments.gradebook import structures
from xblock_experiments.gradebook.cells import NOT_AVAILABLE, STUDENT, group_names, moment
from xblock_experiments.gradebook.data import CourseGrade
from xblock_experiments.gradebook.grading import Grader
from xblock_experiments.gradebook.structure import CourseStructure
from xblock_experiments.gradebook.structure import Sequence as Lesson
from xblock_experiments.gradebook.tables import Cell, Column, Table


def grade_report(course_id: str, learners: Iterable[str]) -> Table:
    """Return a row for each learner with the grade, each sequence, and each experiment's group.

    Raises NoStructure.
    """
    structure = structures.newest(course_id)
    lessons = [each for each in structure.sequences if each.counts]
    experiments = [_Experiment(each) for each in get_segmentations(course_id, type=EXPERIMENT)]
    return Table(
        (
            STUDENT,
            Column("Grade", "The grade from 0 to 1, not rounded."),
            Column("Letter", "The letter by the course's ranges, or empty."),
            *(_column_of(lesson) for lesson in lessons),
            *(column for experiment in experiments for column in experiment.columns),
        ),
        _rows(structure, learners, lessons, experiments),
    )


class _Experiment:
    """An experiment, which has five columns."""

    def __init__(self, experiment: UserSegmentation) -> None:
        self.id = experiment.id
        self._name = experiment.name
        self._group_names = group_names(experiment)

    @property
    def columns(self) -> tuple[Column, ...]:
        name = self._name
        return (
            Column(f"Experiment Group ({name})", "The name of the assigned group, or empty."),
            Column(f"Assigned ({name})", "The time of the assignment, in UTC."),
            Column(f"Version ({name})", "The version of the segmentation at the assignment."),
            Column(f"First Exposed ({name})", "The time at which an arm was first shown, in UTC."),
            Column(f"First Exposed At ({name})", "The usage id of the block that showed it."),
        )

    def cells(
        self, assigned: Assignment | None, exposed: tuple[str, str] | None
    ) -> tuple[Cell, ...]:
        group, since, version = assigned or (None, None, "")
        when, usage_id = exposed or ("", "")
        name = "" if group is None else self._group_names.get(group, "")
        return name, moment(since), version, when, usage_id


def _rows(
    structure: CourseStructure,
    learners: Iterable[str],
    lessons: Sequence[Lesson],
    experiments: Sequence[_Experiment],
) -> Iterator[tuple[Cell, ...]]:
    grader = Grader(structure)
    for user_ids in batched(learners, AT_ONCE):
        exposures = get_first_exposures_of(structure.course_id, user_ids)
        for learner in grader.learners(user_ids):
            grade = grader.grade(learner)
            assigned = learner.groups.assigned
            exposed = exposures.get(learner.user_id, {})
            cells: list[Cell] = [learner.user_id, grade.percent, grade.letter]
            cells += _shares(grade, lessons)
            for each in experiments:
                cells += each.cells(assigned.get(each.id), exposed.get(each.id))
            yield tuple(cells)


def _shares(grade: CourseGrade, lessons: Sequence[Lesson]) -> Iterator[Cell]:
    given = {each.usage_id: each for each in grade.sequences}
    for lesson in lessons:
        found = given.get(lesson.usage_id)
        yield found.share if found else NOT_AVAILABLE


def _column_of(lesson: Lesson) -> Column:
    name = f"{lesson.format}: {lesson.display_name}" if lesson.format else lesson.display_name
    return Column(name, "The learner's part of the possible points in a graded sequence, from 0.")
