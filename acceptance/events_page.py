"""Page object: the workbench's page of events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bok_choy.page_object import unguarded
from bok_choy.promise import EmptyPromise

from acceptance.pages import CoursePage

PATH = "/experiments/events"
STAFF = "student=teacher"


@dataclass(frozen=True)
class Shown:
    """The line of one event."""

    name: str
    user: str
    course: str
    summary: str


class EventsPage(CoursePage):
    """The last events, filtered by the query, as staff see them."""

    def __init__(self, browser: Any, site: str, query: str = "") -> None:
        super().__init__(browser, site, "")
        self._url = f"{site}{PATH}?{STAFF}{query}"

    def is_browser_on_page(self) -> bool:
        """Return whether the page is open, with any filters, and has polled the server once."""
        address, _, _ = self.browser.current_url.partition("?")
        return address == self.url.partition("?")[0] and bool(self.state)

    @property
    @unguarded
    def query(self) -> str:
        """The filters in the address of the page."""
        return str(self.browser.current_url).partition("?")[2]

    @property
    def events(self) -> list[Shown]:
        """The events, newest first."""
        fields = self._run(
            "return Array.from(document.querySelectorAll('.xbx-event'), (row) =>"
            "  ['name', 'user', 'course', 'summary'].map((name) =>"
            "    row.querySelector(`[data-field=${name}]`).textContent));"
        )
        return [Shown(*each) for each in fields]

    @property
    def names(self) -> list[str]:
        """The names in the list of event names."""
        names: list[str] = self.q(css=".xbx-filters fieldset label").text
        return names

    @property
    @unguarded
    def state(self) -> str:
        return self._text(".xbx-state")

    @property
    def announced(self) -> str:
        """The last announcement of new events to screen readers."""
        return self._text(".xbx-news")

    @property
    def is_empty(self) -> bool:
        return bool(self.q(css=".xbx-no-events").visible)

    @property
    def opened(self) -> list[str]:
        """The data and the context of each expanded event."""
        texts: list[str] = self.q(css=".xbx-event [open] pre").text
        return texts

    def open_first(self) -> None:
        self.q(css=".xbx-event summary").first.click()

    def fill(self, **filters: str) -> None:
        for name, text in filters.items():
            self.q(css=f".xbx-filters [name={name}]").fill(text)

    def choose(self, name: str) -> None:
        self.q(css=".xbx-filters fieldset label").filter(text=name).first.click()

    def click(self, button: str) -> None:
        self.q(css="button").filter(text=button).first.click()

    def wait_for(self, state: str) -> None:
        EmptyPromise(lambda: self.state == state, state, try_interval=0.1, timeout=30).fulfill()

    def wait_for_count(self, count: int) -> None:
        EmptyPromise(
            lambda: len(self.events) == count, f"{count} events", try_interval=0.1, timeout=20
        ).fulfill()

    def _text(self, css: str) -> str:
        script = "return (document.querySelector(arguments[0]) || {}).textContent || '';"
        return str(self._run(script, css))
