"""Staff create, watch, cancel and download reports while a worker comes and goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import pytest
from bok_choy.promise import EmptyPromise

from acceptance.pages import CoursePage
from acceptance.policy import COOKIE
from acceptance.reports_page import ReportsPage
from acceptance.server import Workbench
from acceptance.tea import WARM, Tea

RUNNING = """
from datetime import timedelta
from django.utils import timezone
from xblock_experiments.jobs.models import Job
now = timezone.now()
Job.objects.filter(slot=1).update(
    state="running", done=30, total=120, started=now - timedelta(hours=1),
    heartbeat=now - timedelta(seconds={age}),
)
"""
"""The state of a report that a worker has begun, `age` seconds after the worker's last sign."""


@pytest.fixture
def page(browser: Any, workbench: Workbench, tea: Tea) -> Iterator[ReportsPage]:
    """Return the page of a course with one learner. No worker runs yet."""
    learner = tea.new_learner(WARM)
    CoursePage(browser, workbench.url, learner, "lesson", course=tea.name).visit()
    page = ReportsPage(browser, workbench.url, tea.name)
    page.set_cookie(COOKIE, "yes")
    yield page.visit()
    workbench.stop_worker()


def begin(workbench: Workbench, *, age: int) -> None:
    workbench.command("shell", "--no-imports", "-c", RUNNING.format(age=age))


def fetch(address: str) -> tuple[int, bytes]:
    try:
        with build_opener(ProxyHandler({})).open(address, timeout=30) as response:
            return response.status, response.read()
    except HTTPError as error:
        with error:
            return error.code, b""


def test_a_report_is_watched_through_the_death_of_its_worker_and_then_downloaded(
    page: ReportsPage, workbench: Workbench
) -> None:
    page.create("grades", "csv")
    assert page.reports == ["Grades CSV: Waiting for a worker."]
    begin(workbench, age=0)
    page.wait_for_report("Grades CSV: 30 rows written. About 3 hours left.")
    assert page.progress == 0.25
    begin(workbench, age=61)
    page.wait_for_report(
        "Grades CSV: Interrupted, because its worker stopped. A worker will begin it again."
    )
    assert page.says_that_no_worker_runs
    assert "No worker seems to run" in page.announced
    page.check_accessibility()

    workbench.start_worker()
    page.wait_for_report("Grades CSV: Ready. 1 row written.")
    assert page.announced == "Grades: Ready. 1 row written."
    assert not page.says_that_no_worker_runs
    page.check_accessibility()
    address = page.file_address
    status, content = fetch(address)
    assert (status, content[:11]) == (200, b"Student ID,")
    assert fetch(address.replace("teacher", "student_1")) == (403, b"")


def test_a_report_is_cancelled(page: ReportsPage) -> None:
    page.create("exposures", "json")
    page.cancel()
    assert page.reports == ["Exposures Lines of JSON: Cancelled."]
    page.check_accessibility()


@pytest.mark.parametrize(("language", "width"), [("en", 320), ("ar", 320), ("es", 1100)])
def test_the_page_is_accessible_on_any_screen_in_any_language(
    page: ReportsPage, workbench: Workbench, language: str, width: int
) -> None:
    page.create("assignments", "spreadsheet")
    begin(workbench, age=0)
    page.set_cookie("django_language", language)
    page.resize(width, 800)
    page.prefer_dark()
    page.visit()

    assert page.language[0] == language
    assert not page.is_too_wide
    page.check_accessibility()


def test_without_scripts_the_page_shows_the_reports_and_a_link_to_refresh_it(
    page: ReportsPage, workbench: Workbench
) -> None:
    page.create("problems", "csv")
    browser = page.browser
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(page.url)
        workbench.start_worker()
        refresh = "//p[@class='xbx-without-script']/a"

        def is_ready() -> bool:
            browser.find_element_by_xpath(refresh).click()
            return "Ready. 1 row written." in browser.page_source

        EmptyPromise(is_ready, "the report is ready", try_interval=0.5, timeout=30).fulfill()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
