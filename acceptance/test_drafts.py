"""Typed text stays if a session expires, the connection is lost or the page is left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from acceptance.author_pages import (
    ConfigurationsPage,
    EditorPage,
    ExperimentPage,
    StaffPage,
    UnitEditorPage,
    another_window,
)
from acceptance.pages import LessonPage
from acceptance.problems import Problem
from acceptance.server import Workbench
from acceptance.tea import TEACHER, WARM, Tea

EXPIRED = "Your session had expired, so nothing was saved. Please try again."
OFFLINE = "No connection. Your changes are still here; please try again."
LEAVE = (
    "Your changes here are not saved yet. Leave this page? "
    "They come back when you open it again in this window."
)
BACK = "Your changes are back. They are not saved yet."
CHANGED = "You have changes that are not saved. Since you made them, this page has changed."
OLX = '<vertical display_name="Typed"><html url_name="typed">Typed</html></vertical>'

Visit = Callable[..., Any]
Network = Callable[[bool], None]


@pytest.fixture
def page(browser: Any, workbench: Workbench, tea: Tea) -> Visit:
    """Return a function that makes a page object of the course's author."""

    def page(kind: type[StaffPage], url_name: str = "") -> Any:
        return kind(browser, workbench.url, TEACHER, url_name, course=tea.name)

    return page


def test_a_name_typed_before_the_session_expired_is_back_after_a_reload(page: Visit) -> None:
    editor = page(EditorPage, "water").visit()
    editor.rename("Typed")
    editor.browser.delete_all_cookies()

    assert editor.form.try_to_save() == EXPIRED
    assert editor.name == "Typed"
    editor.reload()
    assert (editor.name, editor.form.draft) == ("Typed", BACK)
    editor.form.save()
    assert page(ExperimentPage, "water").wait_for_page().title == "Typed"


def test_olx_typed_before_the_session_expired_is_back_after_a_reload(page: Visit) -> None:
    editor = page(UnitEditorPage, "warm").visit()
    editor.write(OLX)
    editor.browser.delete_all_cookies()

    assert editor.form.try_to_save() == EXPIRED
    editor.reload()
    assert (editor.olx, editor.form.draft) == (OLX, BACK)
    editor.form.save()
    assert "Typed" in page(UnitEditorPage, "warm").visit().olx


def test_groups_typed_before_the_session_expired_are_back_after_a_reload(page: Visit) -> None:
    listed = page(ConfigurationsPage).visit()
    form = listed.configuration("Water").edit()
    form.remove_group("Boiling")
    form.add_group("Iced")
    form.rename("Heat")
    listed.browser.delete_all_cookies()

    assert form.try_to_save() == EXPIRED
    listed.reload()
    assert (form.name, form.groups, form.draft) == ("Heat", ["Warm", "Iced"], BACK)
    form.preview_consequences()
    form.save()
    assert [group for group, *_ in listed.configuration("Heat").groups] == ["Warm", "Iced"]


def test_a_form_without_a_connection_says_so_and_can_be_saved_later(
    page: Visit, network: Network
) -> None:
    editor = page(EditorPage, "water").visit()
    editor.rename("Typed")
    network(False)
    assert editor.form.try_to_save() == OFFLINE

    network(True)
    editor.form.save()
    assert page(ExperimentPage, "water").wait_for_page().title == "Typed"


@pytest.mark.parametrize(
    ("is_online", "sentence"),
    [
        (False, "No connection, so nothing was changed. Check your connection, then try again."),
        (True, EXPIRED),
    ],
)
def test_a_button_that_could_not_do_its_work_says_why(
    page: Visit, network: Network, is_online: bool, sentence: str
) -> None:
    listed = page(ConfigurationsPage).visit()
    form = listed.configuration("Water").edit()
    form.add_group("Iced")
    form.preview_consequences()
    form.save()
    experiment = page(ExperimentPage, "water").visit()
    network(is_online)
    experiment.browser.delete_all_cookies()
    experiment.q(css=".xbx-message button").first.click()

    status = experiment.q(css=".xbx-messages ~ .xbx-status")
    experiment.wait_for(lambda: status.text == [sentence], "the button says why")


def test_going_back_after_a_save_leads_to_what_was_saved(page: Visit) -> None:
    editor = page(EditorPage, "water").visit()
    editor.rename("First")
    editor.form.save()
    page(ExperimentPage, "water").wait_for_page()
    editor.browser.back()
    editor.wait_for_page()

    assert (editor.name, editor.form.draft) == ("First", "")
    editor.rename("Second")
    editor.form.save()
    assert page(ExperimentPage, "water").wait_for_page().title == "Second"


def test_leaving_a_page_with_unsaved_changes_is_asked_first(page: Visit) -> None:
    editor = page(EditorPage, "water").visit()
    before = editor.name
    assert not editor.warns_before_it_is_closed
    editor.rename("Typed")
    assert editor.warns_before_it_is_closed

    assert editor.leave_for("Course", really=False) == LEAVE
    assert editor.name == "Typed"
    assert editor.leave_for("Author view", really=True) == LEAVE
    editor.visit()
    assert (editor.name, editor.form.draft) == ("Typed", BACK)

    editor.form.decide("Discard my changes")
    assert (editor.name, editor.form.draft) == (before, "")
    assert not editor.warns_before_it_is_closed
    assert editor.visit().name == before


def test_a_form_that_its_author_cancels_keeps_nothing(page: Visit) -> None:
    editor = page(EditorPage, "water").visit()
    before = editor.name
    editor.rename("Typed")
    editor._load(editor.q(css=".xbx-cancel").first.click)

    assert (editor.visit().name, editor.form.draft) == (before, "")


def test_changes_do_not_replace_what_another_author_saved_meanwhile(page: Visit) -> None:
    editor = page(EditorPage, "water").visit()
    editor.rename("Mine")
    editor.leave_for("Author view", really=True)
    with another_window(editor.browser):
        other = page(EditorPage, "water").visit()
        other.rename("Theirs")
        other.form.save()

    editor.visit()
    assert (editor.name, editor.form.draft) == ("Theirs", CHANGED)
    editor.reload()
    editor.form.decide("Bring back my changes")
    assert (editor.name, editor.form.draft) == ("Mine", BACK)
    editor.form.save()
    assert page(ExperimentPage, "water").wait_for_page().title == "Mine"


def test_saving_one_form_keeps_what_was_typed_into_another_on_the_page(page: Visit) -> None:
    listed = page(ConfigurationsPage).visit()
    water = listed.configuration("Water").edit()
    water.rename("Heat")
    new = listed.new()
    new.rename("Minutes")
    new.preview_consequences()
    new.save()

    assert listed.names == ["Water", "Minutes"]
    assert (water.is_shown, water.name, water.draft) == (True, "Heat", BACK)
    water.preview_consequences()
    water.save()
    assert listed.names == ["Heat", "Minutes"]


# Learners


@pytest.fixture
def lesson(browser: Any, workbench: Workbench, tea: Tea) -> LessonPage:
    learner = tea.new_learner(WARM)
    page: LessonPage = LessonPage(browser, workbench.url, learner, "lesson", course=tea.name)
    page.visit()
    return page


def test_an_answer_after_the_session_expired_is_kept_and_can_be_sent_again(
    lesson: LessonPage,
) -> None:
    lesson.open("Let it cool first")
    problem = Problem(lesson, "warm_question")
    problem.type("80")
    lesson.browser.delete_all_cookies()
    lesson.q(css="[role=tabpanel]:not([hidden]) .submit").first.click()

    assert lesson.wait_for_notice() == EXPIRED
    assert problem.typed == "80"
    problem.submit()
    assert problem.notification.startswith("Correct")
    assert lesson.notice == ""


def test_an_answer_without_a_connection_says_so(lesson: LessonPage, network: Network) -> None:
    lesson.open("Let it cool first")
    problem = Problem(lesson, "warm_question")
    problem.type("80")
    network(False)
    lesson.q(css="[role=tabpanel]:not([hidden]) .submit").first.click()

    assert lesson.wait_for_notice() == (
        "No connection. What you do now is not saved: check your connection, then try again."
    )
    network(True)
    problem.submit()
    assert problem.notification.startswith("Correct")
    assert lesson.notice == ""


def test_a_unit_that_is_opened_after_the_session_expired_comes_with_the_next_attempt(
    lesson: LessonPage,
) -> None:
    lesson.browser.delete_all_cookies()
    lesson.click_tab("Let it cool first")
    lesson.wait_for(lambda: lesson.q(css="[role=alert] button").visible, "the unit failed")

    assert lesson.message == EXPIRED
    lesson.try_again()
    lesson.wait_for_unit()
    assert lesson.unit == "Let it cool first"
