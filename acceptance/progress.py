"""Page object: the page of a learner's progress."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from acceptance.pages import CoursePage


class ProgressPage(CoursePage):
    """The progress of a learner, opened by the learner or by staff."""

    def __init__(
        self, browser: Any, site: str, user_id: str, course: str, *, learner: str = ""
    ) -> None:
        super().__init__(browser, site, user_id, course=course)
        asked = f"&learner={quote(learner, safe='')}" if learner else ""
        self._url = f"{site}/courses/{course}/progress/?student={quote(user_id, safe='')}{asked}"

    def is_browser_on_page(self) -> bool:
        return bool(self.q(css=".xbx-progress").present)

    @property
    def grade(self) -> str:
        """The grade so far, such as `75 % (Pass)`."""
        (text,) = self.q(css=".xbx-grade strong").text
        return str(text)

    @property
    def problems(self) -> dict[str, str]:
        """The points of each problem by its name, such as `1 of 2`."""
        rows = self.q(css=".xbx-scores li").results
        return dict(map(_row, rows))

    @property
    def text(self) -> str:
        (text,) = self.q(css="main").text
        return str(text)


def _row(item: Any) -> tuple[str, str]:
    name, points = item.find_elements_by_css_selector(":scope > span")
    return name.text.splitlines()[0], points.text.splitlines()[0]
