"""The first page of the workbench, and deleting answers."""

from __future__ import annotations

from typing import Any

from acceptance.first_page import FirstPage, QuestionPage
from acceptance.pages import CoursePage, LessonPage
from acceptance.server import Workbench
from acceptance.tea import BOILING, Tea

TITLE = "Heat from Cold Air: How a Heat Pump Works"


def test_the_first_page_lists_courses_and_nothing_that_cannot_be_used(
    browser: Any, workbench: Workbench
) -> None:
    page = FirstPage(browser, workbench.url).visit()

    assert TITLE in page.courses
    assert "Cannot be used" not in page.source


def test_answers_are_deleted_after_a_question_that_can_be_cancelled(
    browser: Any, workbench: Workbench, tea: Tea
) -> None:
    learner = tea.new_learner(BOILING)
    lesson = LessonPage(browser, workbench.url, learner, "lesson", course=tea.name)
    lesson.visit()
    second = lesson.titles[1]
    lesson.open(second)
    question = FirstPage(browser, workbench.url).visit().ask_to_delete_answers()
    question.cancel()
    FirstPage(browser, workbench.url).wait_for_page()
    assert learner in workbench.stored()

    question = FirstPage(browser, workbench.url).visit().ask_to_delete_answers()
    question.delete()
    assert "Groups, scores and tags are kept." in question.said


def test_staff_come_back_to_their_page_after_they_deleted_answers(
    browser: Any, workbench: Workbench, tea: Tea
) -> None:
    page = CoursePage(browser, workbench.url, "teacher", course=tea.name)
    page.visit()
    page.q(css=".xbx-tools a[aria-describedby=xbx-reset]").first.click()
    question = QuestionPage(browser, workbench.url)
    question.wait_for_page()
    question.delete()
    question.q(css="main a.xbx-button").first.click()

    page.wait_for_page()


def test_the_working_folder_is_not_served(browser: Any, workbench: Workbench) -> None:
    for path in ("/setup.cfg", "/README.rst", "/.git/config"):
        browser.get(f"{workbench.url}{path}")
        assert browser.title.startswith("Page not found")
