"""Accessibility for learners who use keyboards, screen readers or small screens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from acceptance import demo
from acceptance.demo import Learner
from acceptance.pages import CourseOutlinePage, LessonPage
from acceptance.server import Workbench

NewLearner = Callable[..., Learner]

SMALL = 320
"""The width in pixels at which WCAG 2.1 (1.4.10) requires no horizontal scrolling."""

every_view = pytest.mark.parametrize(("url_name", "groups"), demo.VIEWS)
every_outline = pytest.mark.parametrize("url_name", ["", "moving_heat"])


@every_outline
def test_an_outline_passes_the_audit(
    browser: Any, workbench: Workbench, new_learner: NewLearner, url_name: str
) -> None:
    page = CourseOutlinePage(browser, workbench.url, new_learner().user_id, url_name).visit()
    page.check_accessibility()


@every_view
def test_each_unit_of_a_lesson_passes_the_audit(
    browser: Any,
    workbench: Workbench,
    new_learner: NewLearner,
    url_name: str,
    groups: dict[str, str],
) -> None:
    learner = new_learner(**groups).user_id
    lesson = LessonPage(browser, workbench.url, learner, url_name).visit()
    for title in lesson.titles:
        lesson.open(title)
        lesson.check_accessibility()


@every_outline
def test_an_outline_fits_on_a_small_screen(
    browser: Any, workbench: Workbench, new_learner: NewLearner, url_name: str
) -> None:
    page = CourseOutlinePage(browser, workbench.url, new_learner().user_id, url_name)
    page.resize(SMALL, 640)
    assert not page.visit().is_too_wide


@every_view
def test_each_unit_of_a_lesson_fits_on_a_small_screen(
    browser: Any,
    workbench: Workbench,
    new_learner: NewLearner,
    url_name: str,
    groups: dict[str, str],
) -> None:
    learner = new_learner(**groups).user_id
    lesson = LessonPage(browser, workbench.url, learner, url_name)
    lesson.resize(SMALL, 640)
    lesson.visit()
    for title in lesson.titles:
        lesson.open(title)
        assert not lesson.is_too_wide


def test_tabs_that_are_too_narrow_for_their_titles_still_have_accessible_names(
    browser: Any, workbench: Workbench, new_learner: NewLearner
) -> None:
    lesson = LessonPage(browser, workbench.url, new_learner().user_id, "round_the_loop")
    tabs = lesson.visit().tabs
    lesson.resize(240, 640)
    assert lesson.tabs == tabs
    assert tabs[2].name == "Problem Check yourself"


def test_the_tab_that_next_and_previous_select_is_visible(
    browser: Any, workbench: Workbench, new_learner: NewLearner
) -> None:
    learner = new_learner().user_id
    lesson = LessonPage(browser, workbench.url, learner, "first_steps").visit()
    for button in ("Next", "Next", "Previous"):
        lesson.step(button)
        assert lesson.is_focus_visible
