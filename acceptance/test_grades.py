"""Learners of each group work through the demo course, and get the grade of a sum by hand."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from acceptance.author_pages import ConfigurationsPage
from acceptance.demo import FOLDER, LESSONS, SEGMENTATIONS, labels
from acceptance.pages import CoursePage
from acceptance.problems import Problem
from acceptance.progress_page import ProgressPage
from acceptance.server import Workbench
from acceptance.tea import TEACHER
from xblock_experiments.experiments.assignment import choose_group, salt_of

COURSE = "graded"
COURSE_ID = f"course-v1:DemoX+{COURSE}+2026"

Answer = Callable[[Problem], None]


def choose(*texts: str) -> Answer:
    return lambda problem: problem.choose(*texts)


def select(option: str) -> Answer:
    return lambda problem: problem.select(option)


def write(text: str) -> Answer:
    return lambda problem: problem.type(text)


RIGHT = {
    "Heat for the rooms": write("7"),
    "Temperature lift": select("37"),
    "One round trip": choose("In the evaporator"),
    "Cold again": write("expansion valve"),
    "A cold day in January": write("16"),
    "Five degrees less": choose("400 kWh"),
    "A smaller bill": choose(
        "Larger radiators, with cooler water in them",
        "Insulation, so that the rooms need less heat",
        "Heat from the ground, which is milder than the air in winter",
    ),
}
"""The right answers by the names of the problems, which are the same in all arms."""
PLACES = {
    ("Film", "Worked example"): (
        ("why_it_moves_1", "why_it_moves_1_question", "Heat for the rooms"),
        ("compressor_1", "compressor_1_question", "Temperature lift"),
        ("loop_check", "loop_question", "One round trip"),
        ("loop_check", "valve_question", "Cold again"),
        ("your_turn_1", "your_turn_1_question", "A cold day in January"),
        ("warm_not_hot_1_task_1", "warm_not_hot_1_task_1_question", "Five degrees less"),
        ("summary", "bill_question", "A smaller bill"),
    ),
    ("Text", "Hint only"): (
        ("why_it_moves_2", "why_it_moves_2_question", "Heat for the rooms"),
        ("compressor_2", "compressor_2_question", "Temperature lift"),
        ("your_turn_2", "your_turn_2_question", "A cold day in January"),
        ("warm_not_hot_2", "warm_not_hot_2_question", "Five degrees less"),
    ),
    ("Text", "Worked example"): (
        ("why_it_moves_2", "why_it_moves_2_question", "Heat for the rooms"),
        ("loop_check", "valve_question", "Cold again"),
    ),
    ("Film", "Hint only"): (
        ("your_turn_2", "your_turn_2_question", "A cold day in January"),
        ("warm_not_hot_1_task_2", "warm_not_hot_1_task_2_question", "Five degrees less"),
        ("summary", "bill_question", "A smaller bill"),
    ),
}
"""The unit, url_name and name of the problems that the learners of these groups answer."""
BY_HAND = {
    ("Film", "Worked example"): ("7", "100 % (Pass)", (1 + 3 / 3 + 1 + 2 / 2) / 4),
    ("Text", "Hint only"): ("4", "71 % (Pass)", (1 + 1 / 3 + 1 + 1 / 2) / 4),
    ("Text", "Worked example"): ("2", "33 %", (1 + 1 / 3 + 0 + 0) / 4),
    ("Film", "Hint only"): ("3", "50 % (Pass)", (0 + 0 / 3 + 1 + 2 / 2) / 4),
}
"""Points of 7, the grade, and the mean of the four lessons.

The lessons have 1, 3, 1 and 2 problems of one point each.
"""


def learner_in(style: str, hint: str) -> str:
    """Return a learner whom the course assigns to these groups."""
    learners = map("graded_{}".format, itertools.count(1))
    return next(each for each in learners if groups_of(each) == (style, hint))


def groups_of(learner: str) -> tuple[str, ...]:
    return tuple(
        choose_group(each.groups, salt_of(COURSE_ID, each), learner).name for each in SEGMENTATIONS
    )


class Graded:
    """The copy of the demo course, with the pages of its learners and staff."""

    def __init__(self, browser: Any, workbench: Workbench) -> None:
        self._browser = browser
        self._workbench = workbench

    def work_through(self, learner: str, style: str, hint: str) -> None:
        """Answer the problems of the learner's groups. Open each lesson first."""
        self.open_lessons(learner)
        for unit, url_name, name in PLACES[style, hint]:
            problem = Problem(self._open(learner, unit), url_name)
            RIGHT[name](problem)
            problem.submit()

    def open_lessons(self, learner: str) -> None:
        for lesson in LESSONS:
            self._open(learner, lesson)

    def progress_of(self, learner: str, visitor: str = "") -> ProgressPage:
        page: ProgressPage = ProgressPage(
            self._browser,
            self._workbench.url,
            visitor or learner,
            learner if visitor else "",
            course=COURSE,
        ).visit()
        return page

    def remove_group(self, configuration: str, name: str) -> None:
        page: Any = ConfigurationsPage(
            self._browser, self._workbench.url, TEACHER, course=COURSE
        ).visit()
        form = page.configuration(configuration).edit()
        form.remove_group(name)
        form.preview_consequences()
        form.save()

    def report(self, folder: Path) -> dict[str, dict[str, str]]:
        """Return the grade report's rows by user id."""
        path = folder / "grades.csv"
        path.unlink(missing_ok=True)
        self._workbench.command("write_report", COURSE_ID, "grades", "--to", str(path))
        with path.open(encoding="utf-8", newline="") as file:
            return {row["Student ID"]: row for row in csv.DictReader(file)}

    def _open(self, learner: str, url_name: str) -> CoursePage:
        page: CoursePage = CoursePage(
            self._browser, self._workbench.url, learner, url_name, course=COURSE
        ).visit()
        page.wait_for_ajax()
        return page


@pytest.fixture
def graded(browser: Any, workbench: Workbench) -> Graded:
    workbench.add_course(FOLDER, COURSE)
    return Graded(browser, workbench)


def test_page_report_and_a_sum_by_hand_agree_and_no_grade_falls_when_a_group_is_removed(
    graded: Graded, tmp_path: Path
) -> None:
    learners = {groups: learner_in(*groups) for groups in PLACES}
    for groups, learner in learners.items():
        graded.work_through(learner, *groups)

    report = graded.report(tmp_path)
    for groups, learner in learners.items():
        points, shown, mean = BY_HAND[groups]
        page = graded.progress_of(learner)
        assert (groups, page.grade) == (groups, shown)
        assert f"Points in graded lessons: {points} of 7" in page.text
        assert not [label for label in labels() if label in page.text]
        assert float(report[learner]["Grade"]) == pytest.approx(mean, abs=1e-12)
        assert report[learner]["Experiment Group (Explanation style)"] == groups[0]
        assert report[learner]["Experiment Group (Hint)"] == groups[1]
        assert graded.progress_of(learner, visitor=TEACHER).grade == shown

    graded.remove_group("Hint", "Hint only")
    removed = graded.report(tmp_path)
    for learner in learners.values():
        graded.open_lessons(learner)
    moved = graded.report(tmp_path)

    for groups, learner in learners.items():
        before, after, later = (float(each[learner]["Grade"]) for each in (report, removed, moved))
        assert (groups, before <= after <= later) == (groups, True)
        assert moved[learner]["Experiment Group (Hint)"] == "Worked example"
        assert graded.progress_of(learner).grade.split()[0] == str(round(100 * later))
