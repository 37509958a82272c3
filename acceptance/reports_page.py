"""Page object: the reports of a course."""

from __future__ import annotations

from typing import Any

from bok_choy.promise import EmptyPromise

from acceptance.pages import CoursePage


class ReportsPage(CoursePage):
    """The reports that can be created, and those that were."""

    def __init__(
        self, browser: Any, site: str, course: str = "energy", user_id: str = "teacher"
    ) -> None:
        super().__init__(browser, site, user_id, course=course)
        self._url = f"{site}/courses/{course}/reports/?student={user_id}"

    @property
    def reports(self) -> list[str]:
        """The name, the format and the state of each report, newest first."""
        texts = self._run(
            "return Array.from(document.querySelectorAll('.xbx-report'), (row) =>"
            "  `${row.querySelector('h3').textContent}: "
            "${row.querySelector('.xbx-report-state').textContent}`);"
        )
        return [" ".join(text.split()) for text in texts]

    @property
    def progress(self) -> float:
        """The part of the progress bar that is filled, or -1 if it shows no part."""
        return float(self._run("return document.querySelector('.xbx-report progress').position;"))

    @property
    def announced(self) -> str:
        """The last announcement to screen readers."""
        return str(self._run("return document.querySelector('.xbx-news').textContent;"))

    @property
    def says_that_no_worker_runs(self) -> bool:
        return bool(self.q(css=".xbx-no-worker").visible)

    @property
    def file_address(self) -> str:
        (address,) = self.q(css=".xbx-report a[download]").attrs("href")
        return str(address)

    def create(self, kind: str, form: str) -> None:
        self.q(css=f"#xbx-form-{kind} option[value={form}]").first.click()
        self._press(f"button[value={kind}]")

    def cancel(self) -> None:
        self._press(".xbx-report form button")

    def wait_for_report(self, report: str) -> None:
        """Wait until the newest report is as given."""
        EmptyPromise(
            lambda: self.reports[:1] == [report], report, try_interval=0.1, timeout=30
        ).fulfill()

    def _press(self, css: str) -> None:
        """Press a button of a form, and wait for the page that answers it."""
        self._run("document.body.dataset.isOld = '';")
        self.q(css=css).first.click()
        self.wait_for_element_absence("body[data-is-old]", "the page is new")
        self.wait_for_page()
