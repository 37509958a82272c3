"""The cost of the grade report, compared with a walk through each learner's blocks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from itertools import islice
from math import ceil, isclose
from pathlib import Path

from benchmarks import databases, graded_course
from benchmarks.graded_course import COURSE_ID
from benchmarks.results import Row, at_most, times_faster
from benchmarks.scale import Scale
from benchmarks.timing import Contender, race
from benchmarks.walk import walked_grade
from xblock_experiments.gradebook.api import get_grades, write_grade_report
from xblock_experiments.testing import LoadedCourse

AT_ONCE = 1_000
FASTER = 20
MOST_QUERIES = 10
"""For each 1,000 learners, with the queries that list the learners."""


def rows(scale: Scale) -> list[Row]:
    course = graded_course.load()
    user_ids = graded_course.fill(course, scale.graded_learners)
    walked = list(islice(user_ids, 0, None, len(user_ids) // scale.walked_learners))
    _check(course, walked)
    count = len(user_ids)
    contenders = [
        Contender("ours", lambda _: [COURSE_ID], _write),
        Contender("theirs", lambda _: walked, partial(walked_grade, course)),
    ]
    seconds = race("grades", contenders, scale.bulk_repetitions, warm_up=False)
    ours, theirs = seconds["ours"], [count * each for each in seconds["theirs"]]
    queries = databases.count_queries(_write, COURSE_ID) / ceil(count / AT_ONCE)
    what = f"grade report of {count:,} learners"
    return [
        Row(
            what=f"{what}, queries for each {AT_ONCE:,}",
            unit="queries",
            ours=[queries],
            goals=[at_most(MOST_QUERIES, [queries])],
        ),
        Row(
            what=what,
            unit="s",
            ours=ours,
            theirs=theirs,
            goals=[times_faster(FASTER, ours, theirs)],
        ),
    ]


def _write(course_id: str) -> None:
    with Path(os.devnull).open("w", encoding="utf-8", newline="") as out:
        write_grade_report(course_id, out)


def _check(course: LoadedCourse, user_ids: Sequence[str]) -> None:
    """Check that both ways give the same grades."""
    for grade in get_grades(COURSE_ID, user_ids):
        theirs = walked_grade(course, grade.user_id)
        if not isclose(grade.percent, theirs):
            msg = f"The grades of {grade.user_id} are {grade.percent} and {theirs}."
            raise RuntimeError(msg)
