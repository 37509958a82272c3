"""Watching events on the workbench's page while learners work."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode
from urllib.request import ProxyHandler, build_opener

import pytest
from bok_choy.promise import EmptyPromise
from selenium.webdriver.common.keys import Keys

from acceptance.events_page import PATH, STAFF, EventsPage
from acceptance.server import Workbench
from acceptance.tea import BOILING, WARM, Tea

ASSIGNED = "xmodule.partitions.assigned_user_to_partition"
EXPOSED = "xblock_experiments.user_exposed"


def new_visitor(workbench: Workbench, tea: Tea, group: str = BOILING) -> str:
    """Return a new learner of the group who has opened the unit with the experiment."""
    learner = tea.new_learner(group)
    query = {"student": learner, "activate_block_id": tea.usage_id("split_test", "water")}
    address = f"{workbench.url}/scenario/{tea.name}.lesson/?{urlencode(query)}"
    build_opener(ProxyHandler({})).open(address, timeout=30).close()
    return learner


@pytest.fixture
def page(browser: Any, workbench: Workbench, tea: Tea) -> EventsPage:
    """Return the page of events of one course, without earlier events."""
    new_visitor(workbench, tea)
    page = EventsPage(browser, workbench.url, f"&course={quote(tea.course_id)}")
    page.visit()
    page.click("Clear the list")
    return page


def test_a_learners_actions_appear_without_reloading(
    page: EventsPage, workbench: Workbench, tea: Tea
) -> None:
    assert page.is_empty
    learner = new_visitor(workbench, tea, WARM)
    page.wait_for_count(2)

    assert [event.name for event in page.events] == [EXPOSED, ASSIGNED]
    assert {event.user for event in page.events} == {learner}
    assert {event.course for event in page.events} == {tea.course_id}
    assert "group_name: Warm" in page.events[1].summary
    assert page.announced == "2 new events"
    assert not page.is_empty


def test_an_event_can_be_expanded_to_its_data_and_context(
    page: EventsPage, workbench: Workbench, tea: Tea
) -> None:
    new_visitor(workbench, tea, WARM)
    page.wait_for_count(2)
    page.open_first()
    data, context = map(json.loads, page.opened)
    assert data["group_name"] == "Warm"
    assert context["course_user_groups"] == {"experiment.500": [data["group_id"]]}


def test_expanded_events_and_the_focus_stay_when_new_events_arrive(
    page: EventsPage, workbench: Workbench, tea: Tea
) -> None:
    page.click("Clear the list")
    new_visitor(workbench, tea)
    page.wait_for_count(2)
    page.press(Keys.TAB, Keys.ENTER)
    opened, focus = page.opened, page.focus
    assert len(opened) == 2

    new_visitor(workbench, tea)
    page.wait_for_count(4)

    assert page.opened == opened
    assert page.focus == focus


def test_filters_apply_immediately_and_survive_a_reload(
    page: EventsPage, workbench: Workbench, tea: Tea
) -> None:
    learner = new_visitor(workbench, tea)
    page.wait_for_count(2)
    page.choose(EXPOSED)
    page.fill(user=learner)
    page.wait_for_count(1)
    filters = {"user": learner, "course": tea.course_id, "name": EXPOSED}
    assert page.query == f"{STAFF}&{urlencode(filters)}"
    assert page.announced == "1 event"

    page.browser.refresh()
    page.wait_for_page()
    assert [(event.name, event.user) for event in page.events] == [(EXPOSED, learner)]
    page.choose(EXPOSED)
    page.wait_for_count(2)


def test_a_paused_page_shows_the_missed_events_when_it_resumes(
    page: EventsPage, workbench: Workbench, tea: Tea
) -> None:
    page.click("Pause")
    assert page.state == "Paused"
    new_visitor(workbench, tea)
    page.browser.execute_async_script("setTimeout(arguments[0], 2000);")
    assert page.events == []

    page.click("Resume")
    page.wait_for_count(2)
    assert page.state == "Live"


def test_the_page_reports_a_stopped_server_and_resumes_by_itself(
    page: EventsPage, workbench: Workbench, tea: Tea
) -> None:
    workbench.stop()
    page.wait_for("No connection; retrying…")
    workbench.restart()
    page.wait_for("Live")
    new_visitor(workbench, tea)
    page.wait_for_count(2)


def test_the_page_holds_no_more_than_500_events(
    page: EventsPage, workbench: Workbench, tea: Tea
) -> None:
    def line(number: int) -> str:
        data = {"course_id": tea.course_id, "number": number}
        when = "2026-01-01T00:00:00+00:00"
        return json.dumps({"name": "flood", "timestamp": when, "data": data, "context": {}})

    with workbench.event_log.open("a") as log:
        log.writelines(f"{line(number)}\n" for number in range(700))
    page.wait_for_count(500)
    assert page.events[0].summary == "number: 699"
    assert page.events[-1].summary == "number: 200"
    assert "flood" in page.names


def test_without_scripts_the_last_events_are_shown_and_can_be_filtered(
    browser: Any, workbench: Workbench, tea: Tea
) -> None:
    learner = new_visitor(workbench, tea)
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(f"{workbench.url}{PATH}?{STAFF}&course={quote(tea.course_id)}")
        assert not browser.find_element_by_css_selector(".xbx-pause").is_displayed()
        browser.find_element_by_css_selector("[name=text]").send_keys("Boiling")
        browser.find_element_by_css_selector(f"[value='{EXPOSED}']").click()
        browser.find_element_by_css_selector(".xbx-filters button").click()
        EmptyPromise(
            lambda: "text=Boiling" in browser.current_url, "the form is sent", try_interval=0.1
        ).fulfill()
        (row,) = browser.find_elements_by_css_selector(".xbx-event")
        assert EXPOSED in row.text
        assert learner in row.text
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
