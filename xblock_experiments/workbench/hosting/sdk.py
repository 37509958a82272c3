"""The base class of the workbench's runtimes: the SDK's, or one that runs Open edX's blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.runtime import WorkbenchRuntime

from xblock_experiments.settings.openedx_blocks import ARE_INSTALLED
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.courses.lookup import Courses
from xblock_experiments.workbench.hosting.page_urls import Pages


class PlainRuntime(WorkbenchRuntime):
    """The SDK's runtime, for courses of blocks that any runtime can run."""

    def __init__(self, user_id: str | None, courses: Courses, pages: Pages) -> None:
        super().__init__(user_id)
        self.courses = courses
        self.pages = pages

    @property
    def course(self) -> CourseBlocks | None:
        """The current course."""
        return self.courses.current

    def cannot_run(self, node: Any) -> str | None:
        """Return why an installed block type must be shown as a placeholder, or None."""
        return None

    def read(self, cls: Any, node: Any, ids: Any) -> Any:
        """Return the block of an element."""
        return cls.parse_xml(node, self, ids)


def _host() -> Any:
    if not ARE_INSTALLED:
        return PlainRuntime
    from xblock_experiments.workbench.hosting.openedx.runtime import OpenEdxRuntime

    return OpenEdxRuntime


if TYPE_CHECKING:
    HostRuntime = PlainRuntime
else:
    HostRuntime = _host()
