"""What the workbench's runtime is built on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.runtime import WorkbenchRuntime

from xblock_experiments.settings.openedx_blocks import ARE_INSTALLED
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.hosting.faults import FAULTS


class PlainRuntime(WorkbenchRuntime):
    """The SDK's, for courses of blocks that any runtime can run."""

    course: CourseBlocks | None = None
    faults: tuple[type[Exception], ...] = FAULTS

    def cannot_run(self, node: Any) -> str | None:
        return None

    def read(self, cls: Any, node: Any, ids: Any) -> Any:
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
