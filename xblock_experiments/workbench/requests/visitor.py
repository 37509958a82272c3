"""The user who requests a page of a course, and the user's preview.

The workbench has no accounts: the URL names the user. Previews are stored in the session, as on the
platform, for each staff user and each course. A stored preview has no effect for other users.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from django.http import HttpRequest

from xblock_experiments.services.preview import Preview, parse
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.requests.access import is_staff_id
from xblock_experiments.workbench.requests.runtime import ExperimentsRuntime

_PREVIEWS = "xblock_experiments_previews"


@dataclass(frozen=True, slots=True)
class Visitor:
    """The user of one request to one course."""

    user_id: str
    is_staff: bool
    preview: Preview | None

    @classmethod
    def of(cls, request: HttpRequest, user_id: str, course: CourseBlocks) -> Self:
        if not is_staff_id(user_id):
            return cls(user_id, is_staff=False, preview=None)
        text = request.session.get(_PREVIEWS, {}).get(_key(user_id, course), "")
        return cls(user_id, is_staff=True, preview=parse(text))

    def within(self, preview: Preview | None) -> Self:
        """Return the visitor in the preview that a page names, or in that of the session."""
        return replace(self, preview=preview or self.preview)

    def runtime(self) -> ExperimentsRuntime:
        return ExperimentsRuntime(self.user_id, preview=self.preview)

    def without_preview(self, request: HttpRequest, course: CourseBlocks) -> Self:
        """End the preview and return the visitor without it, because authors edit as themselves."""
        if self.preview is None:
            return self
        self.store_preview(request, course, "")
        return replace(self, preview=None)

    def store_preview(self, request: HttpRequest, course: CourseBlocks, text: str) -> None:
        """Store the preview for the next requests. An empty text ends it."""
        previews = request.session.get(_PREVIEWS, {})
        request.session[_PREVIEWS] = {**previews, _key(self.user_id, course): text}


def _key(user_id: str, course: CourseBlocks) -> str:
    return f"{user_id}\n{course.course_id}"
