"""Page objects: the first page of the workbench, and the question before answers are deleted."""

from __future__ import annotations

from typing import Any

from acceptance.pages import CoursePage


class FirstPage(CoursePage):
    """The lists of courses, of scenarios, and of what cannot be used."""

    path = "/"

    def __init__(self, browser: Any, site: str) -> None:
        super().__init__(browser, site, "")
        self._url = f"{site}{self.path}"

    def is_browser_on_page(self) -> bool:
        address, _, _ = self.browser.current_url.partition("?")
        return address == self.url and bool(self.q(css="main.xbx-index"))

    @property
    def courses(self) -> list[str]:
        """The titles of the courses."""
        titles: list[str] = self.q(css="main ul:first-of-type a").text
        return titles

    def ask_to_delete_answers(self) -> QuestionPage:
        self.q(css="a.xbx-button").first.click()
        page = QuestionPage(self.browser, self.url.rstrip("/"))
        page.wait_for_page()
        return page


class QuestionPage(FirstPage):
    """The question, and after it the result."""

    path = "/reset_state"

    @property
    def said(self) -> str:
        """The result of the deletion, as screen readers announce it."""
        return " ".join(self.q(css="[role=status]").text)

    def delete(self) -> None:
        self.q(css="main form button").first.click()
        self.wait_for_element_presence("[role=status]", "it says what was deleted")

    def cancel(self) -> None:
        self.q(css="main form a").first.click()
