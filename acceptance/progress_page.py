"""Page object: a learner's progress."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from acceptance.pages import CoursePage


class ProgressPage(CoursePage):
    """The progress of the user, or for staff that of the named learner."""

    def __init__(
        self, browser: Any, site: str, user_id: str, learner: str = "", *, course: str = "energy"
    ) -> None:
        super().__init__(browser, site, user_id, course=course)
        asked = {"student": user_id, **({"learner": learner} if learner else {})}
        self._url = f"{site}/courses/{course}/progress/?{urlencode(asked)}"

    @property
    def grade(self) -> str:
        """The grade so far, such as `75 % (Pass)`."""
        (text,) = self.q(css=".xbx-grade strong").text
        return str(text)

    @property
    def text(self) -> str:
        (text,) = self.q(css="main").text
        return str(text)

    def choose(self, learner: str) -> None:
        """Type the learner's id, and press Enter."""
        self.q(css="#xbx-learner").fill(f"{learner}\n")
