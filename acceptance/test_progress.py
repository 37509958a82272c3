"""The page of a learner's progress, in a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from acceptance import demo
from acceptance.demo import Learner
from acceptance.pages import LessonPage
from acceptance.progress_page import ProgressPage
from acceptance.server import Workbench

NewLearner = Callable[..., Learner]
Progress = Callable[[bool], ProgressPage]

for_learner_and_staff = pytest.mark.parametrize("is_staff", [False, True], ids=["own", "staff"])


@pytest.fixture
def progress(browser: Any, workbench: Workbench, new_learner: NewLearner) -> Progress:
    """Return a function that makes the page of a learner who is in the groups of a lesson."""
    learner = new_learner(style="Film").user_id
    LessonPage(browser, workbench.url, learner, "first_steps").visit()

    def page(is_staff: bool) -> ProgressPage:
        if is_staff:
            return ProgressPage(browser, workbench.url, "teacher", learner)
        return ProgressPage(browser, workbench.url, learner)

    return page


@for_learner_and_staff
def test_the_page_passes_the_audit(progress: Progress, is_staff: bool) -> None:
    progress(is_staff).visit().check_accessibility()


@for_learner_and_staff
def test_the_page_fits_on_a_small_screen(progress: Progress, is_staff: bool) -> None:
    page = progress(is_staff)
    page.resize(320, 640)

    assert not page.visit().is_too_wide


def test_staff_read_the_learners_groups_and_the_learner_reads_no_group(progress: Progress) -> None:
    theirs = progress(True).visit().text
    mine = progress(False).visit().text

    assert "Explanation style: Film" in theirs
    assert not [label for label in demo.labels() if label in mine]


def test_staff_choose_a_learner_with_the_keyboard(
    browser: Any, workbench: Workbench, progress: Progress
) -> None:
    learner_page = progress(True)
    page = ProgressPage(browser, workbench.url, "teacher").visit()
    assert "This learner is in no group." in page.text

    page.choose(learner_page.url.rpartition("=")[2])
    learner_page.wait_for_page()
    assert "Explanation style: Film" in learner_page.text
