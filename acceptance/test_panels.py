"""Units of a lesson, which come when learners open their tabs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from acceptance.demo import Learner
from acceptance.pages import CourseOutlinePage, LessonPage
from acceptance.problems import Problem
from acceptance.server import Workbench

CHILD_RENDER = "xblock.split_test.child_render"
EXPOSED = "xblock_experiments.user_exposed"
READ = "Read: moving heat uphill"
TITLES = ["Welcome", "Is there heat in cold air?", READ]
FAULTS = ("</div>", "<div>", "<!-- ", "<textarea>", "<table><tr><td>", "</main></body></html>")

NewLearner = Callable[..., Learner]


@pytest.fixture
def learner(new_learner: NewLearner) -> str:
    return new_learner(style="Text").user_id


@pytest.fixture
def lesson(browser: Any, workbench: Workbench, learner: str) -> LessonPage:
    page: LessonPage = LessonPage(browser, workbench.url, learner, "first_steps").visit()
    return page


@pytest.fixture
def without_scripts(browser: Any) -> Iterator[None]:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    yield
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def exposures(workbench: Workbench, learner: str) -> list[str]:
    """Return the experiments that the server recorded as shown."""
    return [event["usage_id"].rpartition("@")[2] for event in workbench.events(EXPOSED, learner)]


def shown(workbench: Workbench, learner: str) -> list[str]:
    """Return the experiments that the browser reported as shown, when there are some."""
    events = workbench.wait_for_events(CHILD_RENDER, learner)
    return [event["usage_id"].rpartition("@")[2] for event in events]


def by_mouse(lesson: LessonPage) -> None:
    lesson.open(READ)


def by_keyboard(lesson: LessonPage) -> None:
    lesson.press(*[Keys.TAB] * 4, Keys.ARROW_LEFT)
    lesson.wait_for_unit()


def by_next(lesson: LessonPage) -> None:
    lesson.step("Next")
    lesson.step("Next")


@pytest.mark.parametrize("open_it", [by_mouse, by_keyboard, by_next])
def test_an_arm_counts_as_shown_when_its_tab_is_opened(
    workbench: Workbench, learner: str, lesson: LessonPage, open_it: Callable[[LessonPage], None]
) -> None:
    assert lesson.loaded == ["Welcome"]
    assert exposures(workbench, learner) == []
    assert workbench.events(CHILD_RENDER, learner) == []

    open_it(lesson)
    assert lesson.selected == lesson.unit == READ
    assert "Water runs downhill without help." in lesson.text
    assert exposures(workbench, learner) == shown(workbench, learner) == ["why_it_moves"]
    assert lesson.announcement == "The unit is loaded."

    lesson.open("Welcome")
    lesson.open(READ)
    lesson.wait_for_ajax()
    assert exposures(workbench, learner) == shown(workbench, learner) == ["why_it_moves"]
    assert lesson.console_errors == []


def test_a_tab_that_is_passed_with_the_arrow_keys_does_not_count_as_shown(
    workbench: Workbench, learner: str, lesson: LessonPage
) -> None:
    lesson.press(*[Keys.TAB] * 4, Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    lesson.wait_for_unit()

    assert lesson.loaded == TITLES[:2]
    assert exposures(workbench, learner) == []
    lesson.go_back()
    assert lesson.selected == "Welcome"


def test_the_browsers_history_leads_through_the_tabs_that_were_opened(
    browser: Any, workbench: Workbench, learner: str, lesson: LessonPage
) -> None:
    lesson.open(TITLES[1])
    lesson.open(READ)
    lesson.open(READ)

    for go, title in (
        (lesson.go_back, TITLES[1]),
        (lesson.go_back, "Welcome"),
        (lesson.go_forward, TITLES[1]),
        (lesson.go_forward, READ),
    ):
        go()
        assert lesson.selected == lesson.unit == title
    assert lesson.reload().selected == READ

    lesson.follow("Moving heat uphill")
    CourseOutlinePage(browser, workbench.url, learner, "moving_heat").wait_for_page()
    lesson.go_back()
    assert lesson.selected == READ
    assert "Water runs downhill without help." in lesson.text
    lesson.go_back()
    assert lesson.selected == lesson.unit == TITLES[1]


def test_a_tab_can_be_opened_in_another_window(
    browser: Any, workbench: Workbench, learner: str, lesson: LessonPage
) -> None:
    (address,) = (
        lesson.q(css="[role=tab]")
        .filter(lambda tab: tab.get_attribute("data-page-title") == READ)
        .attrs("href")
    )
    browser.get(address)
    lesson.wait_for_page()

    assert lesson.selected == READ
    assert lesson.loaded == [READ]
    assert exposures(workbench, learner) == ["why_it_moves"]


def test_without_javascript_a_tab_is_a_link_to_the_page_with_its_panel(
    browser: Any, workbench: Workbench, learner: str, lesson: LessonPage, without_scripts: None
) -> None:
    browser.refresh()
    assert "Water runs downhill" not in browser.page_source
    assert exposures(workbench, learner) == []

    browser.find_elements_by_css_selector("[role=tab]")[2].click()
    assert "Water runs downhill without help." in browser.find_element_by_tag_name("main").text
    assert browser.find_element_by_css_selector(".xbx-steps").is_displayed() is False
    assert exposures(workbench, learner) == ["why_it_moves"]


def test_a_unit_that_cannot_be_fetched_can_be_asked_for_again_and_nothing_is_lost(
    workbench: Workbench,
    learner: str,
    lesson: LessonPage,
    network: Callable[[bool], None],
) -> None:
    lesson.open(READ)
    problem = Problem(lesson, "why_it_moves_2_question")
    problem.type("7")

    network(False)
    lesson.click_tab(TITLES[1])
    lesson.wait_for(lambda: bool(lesson.q(css=".xbx-failed").visible), "a message")
    assert lesson.message == "This unit could not be loaded. Check your connection, then try again."
    assert lesson.selected == lesson.unit == TITLES[1]
    lesson.try_again()
    lesson.wait_for(lambda: bool(lesson.q(css=".xbx-failed").visible), "the message again")

    network(True)
    lesson.try_again()
    lesson.wait_for_unit()
    assert lesson.loaded == TITLES
    assert lesson.focus == ("tabpanel", TITLES[1])
    lesson.open(READ)
    assert problem.typed == "7"


def test_a_unit_that_is_no_longer_in_the_lesson_says_so(browser: Any, lesson: LessonPage) -> None:
    browser.execute_script("document.querySelectorAll('[role=tab]')[1].dataset.unit = 'elsewhere';")
    lesson.click_tab(TITLES[1])
    lesson.wait_for(lambda: bool(lesson.q(css=".xbx-refused").visible), "a message")

    assert lesson.message == "This unit is no longer in the lesson."


def test_a_unit_that_comes_late_waits_until_its_tab_is_open(
    browser: Any, workbench: Workbench, learner: str, lesson: LessonPage
) -> None:
    browser.execute_script(
        "const ajax = $.ajax; window.release = [];"
        "$.ajax = (options) => new Promise((done, fail) => window.release.push("
        "  () => ajax.call($, options).then(done, fail)));"
    )
    lesson.click_tab(READ)
    assert lesson.unit == READ
    lesson.click_tab("Welcome")
    browser.execute_script("window.release.forEach((each) => each());")
    workbench.wait_for_events(EXPOSED, learner)
    lesson.wait_for_ajax()
    assert lesson.loaded == ["Welcome"]
    assert workbench.events(CHILD_RENDER, learner) == []

    lesson.click_tab(READ)
    lesson.wait_for(lambda: lesson.loaded == ["Welcome", READ], "the unit")
    assert "Water runs downhill without help." in lesson.text
    assert exposures(workbench, learner) == ["why_it_moves"]


@pytest.fixture(scope="module")
def faulty(workbench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the name of a course with a lesson for each fault, in its first and second unit."""
    lessons = "".join(
        f'<sequential url_name="s{number}">'
        + "".join(
            f'<vertical url_name="{name}{number}" display_name="{name}">'
            f'<html url_name="{name}_{number}">{escape(f"<p>Text of {name}</p>{fault}")}</html>'
            "</vertical>"
            for name in ("one", "two")
        )
        + f'<vertical url_name="three{number}" display_name="three">'
        f'<html url_name="three_{number}">Text of three</html></vertical></sequential>'
        for number, fault in enumerate(FAULTS)
    )
    folder: Path = tmp_path_factory.mktemp("faulty")
    (folder / "course.xml").write_text(
        f'<course org="DemoX" course="faulty" url_name="2026"><chapter>{lessons}</chapter></course>'
    )
    workbench.add_course(folder, "faulty")
    return "faulty"


@pytest.mark.parametrize("number", range(len(FAULTS)), ids=FAULTS)
def test_faulty_html_of_a_unit_leaves_all_tabs_and_panels_alive(
    browser: Any, workbench: Workbench, faulty: str, number: int
) -> None:
    lesson = LessonPage(browser, workbench.url, "ann", f"s{number}", course=faulty).visit()
    for title in ("one", "two", "three", "one"):
        lesson.open(title)
        assert lesson.selected == lesson.unit == title
        assert lesson.text.startswith(f"Text of {title}")
    lesson.step("Next")
    assert lesson.unit == "two"
    assert lesson.console_errors == []
