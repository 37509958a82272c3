"""A course of 25 graded lessons with an experiment each, and learners with a score in each problem.

With two problems in each arm, each learner is given 50 of the 150.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from html import escape
from itertools import batched
from json import dumps
from random import Random

from django.db import models
from django.utils import timezone

from benchmarks import databases
from benchmarks.courses import GROUPS, course_id, experiment, split_test_name, split_test_xml
from benchmarks.members import create, exposure, membership, segmentation_row_id
from xblock_experiments.course_user_segmentation.data import Group
from xblock_experiments.gradebook.models import Score
from xblock_experiments.testing import LoadedCourse, find_block, load_course

RUN = "grades"
COURSE_ID = course_id(RUN)
IDS = list(range(100, 125))
IN_ARM = 2
"""The number of problems in each arm."""
CHAPTER = "chapter"

type Usages = dict[str, str]
"""Usage ids by url_name."""


def load(in_arm: int = IN_ARM) -> LoadedCourse:
    """Load the course with this number of problems in each arm."""
    partitions = escape(dumps([experiment(id).to_json() for id in IDS]))
    lessons = "".join(_lesson_xml(id, in_arm) for id in IDS)
    course = load_course(
        f'<course org="DemoX" course="Benchmarks" url_name="{RUN}" user_partitions="{partitions}">'
        f'<chapter url_name="{CHAPTER}">{lessons}</chapter></course>'
    )
    if course.problems:
        msg = f"The course has problems: {course.problems}"
        raise RuntimeError(msg)
    return course


def fill(course: LoadedCourse, learners: int) -> list[str]:
    """Insert learners with their memberships, exposures and scores, and return their ids."""
    user_ids = [str(user.pk) for user in databases.new_learners(learners)]
    choose = partial(Random(1).choice, [group.id for group in GROUPS])  # noqa: S311 - no secret
    given = {id: [(user_id, choose()) for user_id in user_ids] for id in IDS}
    usages = {name: usage_id(course, name) for id in IDS for name in _names_in(id)}
    for id, members in given.items():
        row_id = segmentation_row_id(COURSE_ID, id)
        split_id = usages[split_test_name(id)]
        _create(membership(row_id, *member) for member in members)
        _create(exposure(COURSE_ID, id, user_id, split_id) for user_id in user_ids)
        _create(_scores(id, members, usages))
    databases.analyze()
    return user_ids


def problems_in(arm: str, in_arm: int = IN_ARM) -> list[str]:
    return [f"{arm}_problem_{number}" for number in range(in_arm)]


def arm_name(id: int, group_id: int) -> str:
    return f"{split_test_name(id)}_{group_id}"


def usage_id(course: LoadedCourse, name: str) -> str:
    return str(find_block(course, None, name).scope_ids.usage_id)


def _scores(id: int, members: Sequence[tuple[str, int]], usages: Usages) -> Iterator[Score]:
    earn = Random(id).choice  # noqa: S311 - no secret
    for user_id, group_id in members:
        for name in problems_in(arm_name(id, group_id)):
            yield Score(
                course_id=COURSE_ID,
                user_id=user_id,
                usage_id=usages[name],
                earned=(earned := earn((0.0, 1.0))),
                possible=1.0,
                fraction=earned,
                recorded=timezone.now(),
            )


def _create(rows: Iterator[models.Model]) -> None:
    """Insert the rows. Few exist at a time."""
    for batch in batched(rows, 1_000):
        create(list(batch))


def _names_in(id: int) -> list[str]:
    problems = [name for group in GROUPS for name in problems_in(arm_name(id, group.id))]
    return [split_test_name(id), *problems]


def _lesson_xml(id: int, in_arm: int) -> str:
    experiment_xml = split_test_xml(id, partial(_arm_xml, in_arm))
    return (
        f'<sequential url_name="lesson_{id}" display_name="Lesson {id}" graded="true">'
        f'<vertical url_name="unit_{id}">{experiment_xml}</vertical></sequential>'
    )


def _arm_xml(in_arm: int, arm: str, group: Group) -> str:
    problems = "".join(
        f'<problem url_name="{name}" display_name="Right angles"><p>How many degrees?</p>'
        '<numericalresponse answer="90"><formulaequationinput/></numericalresponse></problem>'
        for name in problems_in(arm, in_arm)
    )
    return f'<vertical url_name="{arm}">{problems}</vertical>'
