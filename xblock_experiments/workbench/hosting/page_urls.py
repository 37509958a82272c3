"""Where the workbench shows a block on a page of its own."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

from django.urls import reverse

from xblock_experiments.workbench.courses.course import CourseBlocks


class Pages:
    """The service `pages`, of one runtime."""

    def __init__(self, runtime: Any) -> None:
        self._runtime = runtime

    def url(self, block: Any, view: str | None = None) -> str | None:
        """Of that view, else of the one that authors or learners are in.

        None for a block that is in no course.
        """
        usage_id = block.scope_ids.usage_id
        course = self._runtime.course_of(usage_id)
        return None if course is None else self._url(course, usage_id, view)

    def url_of(self, url_name: str, block: Any) -> str | None:
        """The page of another block, by its url_name, in the course of this one."""
        course = self._runtime.course_of(block.scope_ids.usage_id)
        usage_id = course.find(url_name) if course else None
        return None if usage_id is None else self._url(course, usage_id)

    def static_url(self, path: str, block: Any) -> str | None:
        """None also for what is no path."""
        course = self._runtime.course_of(block.scope_ids.usage_id)
        if course is None or not path.isprintable():
            return None
        return reverse("course_static", args=(course.name, path))

    def address(self, link: str, course: CourseBlocks) -> str | None:
        """Of what the link of an author stands for, where the course has it."""
        path = unquote(link)
        if path.startswith("/jump_to_id/"):
            usage_id = course.find(path.removeprefix("/jump_to_id/"))
            return None if usage_id is None else self._url(course, usage_id)
        # asset-v1:…+type@asset+block@name, as Studio writes it
        name = path.removeprefix("/static/").rpartition("@")[2]
        if course.static_file(name) is None:
            return None
        return reverse("course_static", args=(course.name, name))

    def _url(self, course: CourseBlocks, usage_id: Any, view: str | None = None) -> str:
        is_root = usage_id == course.usage_id
        scenario = course.name if is_root else f"{course.name}.{course.address_of(usage_id)}"
        view = view or ("author_view" if self._runtime.is_author_mode else "student_view")
        if view == "student_view":
            path = reverse("workbench_show_scenario", args=(scenario,))
        else:
            path = reverse("scenario", args=(scenario, view))
        return f"{path}?student={quote(str(self._runtime.viewer_id), safe='')}"
