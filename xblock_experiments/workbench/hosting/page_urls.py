"""The URLs of the workbench's pages for single blocks."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, unquote

from django.urls import reverse

from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.courses.lookup import Courses

_ASSET = re.compile(
    r"/static/|/?asset-v1:[^@]*\+type@asset\+block@|/c4x/[^/]*/[^/]*/asset/", re.IGNORECASE
)
"""The beginnings of links to static files: by authors, by Studio, and by Studio before 2014."""
_END_OF_PATH = re.compile(r"[?#]")
"""The beginning of a link's query or fragment."""


class Pages:
    """The service `pages` of one runtime."""

    def __init__(self, courses: Courses, viewer_id: str | None) -> None:
        self.view = "student_view"
        """The default view of links."""
        self._courses = courses
        self._viewer_id = viewer_id

    def url(self, block: Any, view: str | None = None) -> str | None:
        """Return the URL of the block's page, or None for a block that is in no course."""
        usage_id = block.scope_ids.usage_id
        course = self._courses.course_of(usage_id)
        return None if course is None else self._url(course, usage_id, view)

    def url_of(self, url_name: str, block: Any) -> str | None:
        """Return the URL of the block with this url_name in the course of `block`, or None."""
        course = self._courses.course_of(block.scope_ids.usage_id)
        usage_id = course.find(url_name) if course else None
        return None if course is None or usage_id is None else self._url(course, usage_id)

    def static_url(self, path: str, block: Any) -> str | None:
        """Return the URL of a static file, or None if `path` is not printable."""
        course = self._courses.course_of(block.scope_ids.usage_id)
        if course is None or not path.isprintable():
            return None
        return reverse("course_static", args=(course.name, path))

    def address(self, link: str, course: CourseBlocks) -> str | None:
        """Return the URL for an author's link, or None if the course lacks its target."""
        mark = _END_OF_PATH.search(link)
        end = mark.start() if mark else len(link)
        path, rest = link[:end], link[end:]
        if path.startswith("/jump_to_id/"):
            usage_id = course.find(unquote(path.removeprefix("/jump_to_id/")))
            return None if usage_id is None else self._url(course, usage_id)
        name = _ASSET.sub("", path, count=1)
        for each in (name, unquote(name)):
            if course.static_file(each) is not None:
                return reverse("course_static", args=(course.name, each)) + rest
        return None

    def _url(self, course: CourseBlocks, usage_id: Any, view: str | None = None) -> str:
        is_root = usage_id == course.usage_id
        scenario = course.name if is_root else f"{course.name}.{course.address_of(usage_id)}"
        view = view or self.view
        if view == "student_view":
            path = reverse("workbench_show_scenario", args=(scenario,))
        else:
            path = reverse("scenario", args=(scenario, view))
        return f"{path}?student={quote(str(self._viewer_id), safe='')}"
