"""The cost of all grades and of the grade report, compared with a walk through blocks."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from math import ceil, isclose
from pathlib import Path

from benchmarks import databases, graded_course
from benchmarks.graded_course import COURSE_ID
from benchmarks.results import Row, at_most, times_faster
from benchmarks.scale import Scale
from benchmarks.timing import Contender, race
from benchmarks.walk import walked_grade, walked_report
from xblock_experiments.gradebook.api import get_grades, write_grade_report
from xblock_experiments.testing import LoadedCourse

AT_ONCE = 1_000
FASTER = 20
MOST_QUERIES = 12
"""The most queries for each 1,000 learners, including those for the list and the course."""

type _OfAll = Callable[[list[str]], object]
type _OfOne = Callable[[str], object]


def rows(scale: Scale) -> list[Row]:
    course = graded_course.load()
    user_ids = graded_course.fill(course, scale.graded_learners)
    return measured(course, user_ids, scale.walked_learners, scale.bulk_repetitions)


def measured(course: LoadedCourse, user_ids: list[str], walked: int, repetitions: int) -> list[Row]:
    """Return the rows about these learners.

    The walk is done once for each of `walked` learners, and scaled to all. Its grades are checked.
    """
    some = user_ids[:: len(user_ids) // walked]
    grades: dict[str, float] = {}

    def walk(user_id: str) -> None:
        grades[user_id] = walked_grade(course, user_id)

    whats: dict[str, tuple[_OfAll, _OfOne]] = {
        f"grades of {len(user_ids):,} learners": (grade_all, walk),
        f"grade report of {len(user_ids):,} learners": (report, partial(walked_report, course)),
    }
    rows = [
        row
        for what, (ours, theirs) in whats.items()
        for row in (
            _query_row(what, ours, user_ids),
            _timed_row(what, _race(what, repetitions, (ours, user_ids), (theirs, some))),
        )
    ]
    _check(grades)
    return rows


def grade_all(user_ids: list[str]) -> None:
    deque(get_grades(COURSE_ID, user_ids), maxlen=0)


def report(user_ids: list[str]) -> None:
    """Write the report of the whole course, which has these learners."""
    with Path(os.devnull).open("w", encoding="utf-8", newline="") as out:
        if write_grade_report(COURSE_ID, out) != len(user_ids):
            msg = "The report does not have each learner."
            raise RuntimeError(msg)


def _race(
    what: str,
    repetitions: int,
    ours: tuple[_OfAll, list[str]],
    theirs: tuple[_OfOne, list[str]],
) -> tuple[list[float], list[float]]:
    """Return the seconds for all learners. Theirs are those for some, scaled to all.

    Each repetition has a part of the some, so that each of them has one turn.
    """
    (do_all, user_ids), (do_one, some) = ours, theirs
    contenders = [
        Contender("ours", lambda _: [user_ids], do_all),
        Contender("theirs", lambda repetition: some[repetition - 1 :: repetitions], do_one),
    ]
    seconds = race(what, contenders, repetitions, warm_up=False)
    return seconds["ours"], [len(user_ids) * each for each in seconds["theirs"]]


def _query_row(what: str, operate: _OfAll, user_ids: list[str]) -> Row:
    queries = databases.count_queries(operate, user_ids) / ceil(len(user_ids) / AT_ONCE)
    return Row(
        what=f"{what}, queries for each {AT_ONCE:,}",
        unit="queries",
        ours=[queries],
        goals=[at_most(MOST_QUERIES, [queries])],
    )


def _timed_row(what: str, seconds: tuple[list[float], list[float]]) -> Row:
    ours, theirs = seconds
    return Row(
        what=what, unit="s", ours=ours, theirs=theirs, goals=[times_faster(FASTER, ours, theirs)]
    )


def _check(grades: Mapping[str, float]) -> None:
    """Check that both ways give the same grades."""
    for grade in get_grades(COURSE_ID, grades):
        theirs = grades[grade.user_id]
        if not isclose(grade.percent, theirs):
            msg = f"The grades of {grade.user_id} are {grade.percent} and {theirs}."
            raise RuntimeError(msg)
