"""The workbench's runtime, with services of other packages, and with courses."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import quote

from django.urls import reverse
from workbench.runtime import ID_MANAGER, WorkbenchRuntime
from xblock.core import XBlock
from xblock.fields import ScopeIds
from xblock.runtime import KvsFieldData

from xblock_experiments import events
from xblock_experiments.blocks.course import SEGMENTATIONS
from xblock_experiments.blocks.split_test import CHILD_RENDER
from xblock_experiments.course_user_segmentation.api import save_segmentations
from xblock_experiments.course_user_segmentation.data import SegmentationError, UserSegmentation
from xblock_experiments.runtime import EntryPointServices
from xblock_experiments.services.binding import course_id_of
from xblock_experiments.settings.common import setting
from xblock_experiments.usage import url_name_of
from xblock_experiments.workbench.course import CourseBlocks, as_usage_id
from xblock_experiments.workbench.placeholder import PlaceholderBlock
from xblock_experiments.workbench.registry import registry
from xblock_experiments.workbench.store import WorkbenchStore

log = logging.getLogger(__name__)

_MOST_SEGMENTATIONS = 1000


class CourseIds:
    """Reads the ids of courses' blocks, where definitions are their usages; else asks the SDK."""

    def __init__(self, runtime: ExperimentsRuntime) -> None:
        self._runtime = runtime

    def get_definition_id(self, usage_id: Any) -> Any:
        if self._runtime.course_of(usage_id) is None:
            return ID_MANAGER.get_definition_id(usage_id)
        return usage_id

    def get_block_type(self, def_id: Any) -> Any:
        course = self._runtime.course_of(def_id)
        return ID_MANAGER.get_block_type(def_id) if course is None else course.types[def_id]

    def __getattr__(self, name: str) -> Any:
        return getattr(ID_MANAGER, name)


class Pages:
    """The service `pages`: where the workbench shows a block on a page of its own."""

    def __init__(self, runtime: ExperimentsRuntime) -> None:
        self._runtime = runtime

    def url(self, block: Any) -> str | None:
        """None for a block that is in no course."""
        usage_id = block.scope_ids.usage_id
        course = self._runtime.course_of(usage_id)
        if course is None:
            return None
        is_root = usage_id == course.usage_id
        return self._url(course, None if is_root else url_name_of(usage_id), block)

    def url_of(self, url_name: str, block: Any) -> str | None:
        """The page of another block, by its url_name, in the course of this one."""
        course = self._runtime.course_of(block.scope_ids.usage_id)
        if course is None or not course.has(url_name):
            return None
        return self._url(course, url_name, block)

    def static_url(self, path: str, block: Any) -> str | None:
        """None also for what is no path."""
        course = self._runtime.course_of(block.scope_ids.usage_id)
        if course is None or not path.isprintable():
            return None
        return reverse("course_static", args=(course.name, path))

    def _url(self, course: CourseBlocks, url_name: str | None, block: Any) -> str:
        scenario = course.name if url_name is None else f"{course.name}.{url_name}"
        path = reverse("workbench_show_scenario", args=(scenario,))
        return f"{path}?student={quote(str(block.scope_ids.user_id), safe='')}"


class ExperimentsRuntime(EntryPointServices, WorkbenchRuntime):
    """Bound to one user, for one request."""

    def __init__(self, user_id: str | None = None, *, staff: bool = False) -> None:
        super().__init__(user_id)
        self.id_reader = CourseIds(self)
        self._services["field-data"] = KvsFieldData(WorkbenchStore(self.course_of))
        self._services["pages"] = Pages(self)
        attributes = self._services["user"].get_current_user().opt_attrs
        attributes["edx-platform.user_is_staff"] = staff or user_id in setting("STAFF")

    def course_of(self, usage_id: Any) -> CourseBlocks | None:
        """The course that has the block; None for a block of an SDK scenario."""
        return registry.course_of(usage_id)

    def get_block(self, usage_id: Any, for_parent: Any = None) -> Any:
        """Raises NoSuchUsage."""
        usage_id = as_usage_id(usage_id)
        course = self.course_of(usage_id)
        if course is None:
            return super().get_block(usage_id, for_parent)
        block_type = course.types[usage_id]
        ids = ScopeIds(self.user_id, block_type, usage_id, usage_id)
        return self.construct_xblock_from_class(block_class(block_type), ids, for_parent=for_parent)

    def publish(self, block: Any, event_type: str, event_data: Any) -> None:
        """Carries on what our blocks publish; other events the SDK logs."""
        if event_type == SEGMENTATIONS:
            self._publish_segmentations(block, event_data["user_partitions"])
        elif event_type == CHILD_RENDER:
            events.emit(
                events.ChildRender(
                    course_id=course_id_of(self, block),
                    user_id=block.scope_ids.user_id,
                    usage_id=str(block.scope_ids.usage_id),
                    child_id=event_data["child_id"],
                )
            )
        else:
            super().publish(block, event_type, event_data)

    def error_tracker(self, message: str) -> None:
        """Where blocks tell of OLX that they cannot use, as on Open edX."""
        log.warning(message)

    def _patch_xblock(self, block: Any) -> None:
        """The SDK sets mocks on each block for the sake of old ones; courses' blocks are spared."""
        if self.course_of(block.scope_ids.usage_id) is None:
            super()._patch_xblock(block)

    def _publish_segmentations(self, block: Any, user_partitions: list[Any]) -> None:
        segmentations: dict[tuple[str, int], UserSegmentation] = {}
        if len(user_partitions) > _MOST_SEGMENTATIONS:
            self.error_tracker(f"only the first {_MOST_SEGMENTATIONS} segmentations are used")
        for user_partition in user_partitions[:_MOST_SEGMENTATIONS]:
            try:
                segmentation = UserSegmentation.from_json(user_partition)
            except SegmentationError as error:
                self.error_tracker(f"a segmentation is not used: {error}")
                continue
            key = (segmentation.type, segmentation.id)
            if key in segmentations:
                self.error_tracker(f"a second segmentation with id {segmentation.id} is not used")
                continue
            segmentations[key] = segmentation
        save_segmentations(course_id_of(self, block), segmentations.values())


def block_class(block_type: str) -> Any:
    """The class of a block of a course: a placeholder's, where the type is not installed."""
    return XBlock.load_class(block_type, default=PlaceholderBlock)
