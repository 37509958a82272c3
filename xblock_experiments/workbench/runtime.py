"""The workbench's runtime, with services of other packages, and with courses."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import Any

from django.utils.html import format_html
from web_fragments.fragment import Fragment
from webob import Response
from workbench.runtime import ID_MANAGER, WorkbenchRuntime
from xblock.core import XBlock, XBlockAside
from xblock.fields import ScopeIds
from xblock.runtime import KvsFieldData

from xblock_experiments import events
from xblock_experiments.blocks.course import SEGMENTATIONS
from xblock_experiments.blocks.split_test import CHILD_RENDER
from xblock_experiments.blocks.structure import Structure
from xblock_experiments.course_user_segmentation.api import save_segmentations
from xblock_experiments.course_user_segmentation.data import read_user_partitions
from xblock_experiments.runtime import EntryPointServices
from xblock_experiments.services.binding import course_id_of
from xblock_experiments.settings.common import setting
from xblock_experiments.workbench.course import CourseBlocks, as_usage_id
from xblock_experiments.workbench.pages import Pages
from xblock_experiments.workbench.placeholder import PlaceholderBlock
from xblock_experiments.workbench.registry import registry
from xblock_experiments.workbench.store import WorkbenchStore

log = logging.getLogger(__name__)

_IS_STAFF = "edx-platform.user_is_staff"


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


class ExperimentsRuntime(EntryPointServices, WorkbenchRuntime):
    """Bound to one user, for one request."""

    def __init__(self, user_id: str | None = None, *, staff: bool = False) -> None:
        super().__init__(user_id)
        self.id_reader = CourseIds(self)
        self._services["field-data"] = KvsFieldData(WorkbenchStore(self.course_of))
        self._services["pages"] = Pages(self)
        attributes = self._services["user"].get_current_user().opt_attrs
        attributes[_IS_STAFF] = staff or user_id in setting("STAFF")

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

    def render(self, block: Any, view_name: str, context: Any = None) -> Any:
        """Of a block in an arm that is not the learner's, opened by its address, shows nothing."""
        is_page = self._view_name is None
        if is_page and view_name == "student_view" and not self._may_open(block):
            sentence = self._services["i18n"].gettext("There is nothing for you to do here.")
            return Fragment(format_html('<p class="xbx-nothing">{}</p>', sentence))
        return super().render(block, view_name, context)

    def handle(self, block: Any, handler_name: str, request: Any, suffix: str = "") -> Any:
        """Refuses what is sent to a block in an arm that is not the learner's."""
        if not self._may_open(block):
            return Response(status=403)
        return super().handle(block, handler_name, request, suffix)

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

    def applicable_aside_types(self, block: Any) -> list[str]:
        """As XBlock's, which searches all installed packages for asides, for each block again."""
        return self._aside_types

    @cached_property
    def _aside_types(self) -> list[str]:
        return [name for name, _ in XBlockAside.load_classes()]

    def error_tracker(self, message: str) -> None:
        """Where blocks tell of OLX that they cannot use, as on Open edX."""
        log.warning(message)

    def _patch_xblock(self, block: Any) -> None:
        """The SDK sets mocks on each block for the sake of old ones; courses' blocks are spared."""
        if self.course_of(block.scope_ids.usage_id) is None:
            super()._patch_xblock(block)

    def _publish_segmentations(self, block: Any, user_partitions: list[Any]) -> None:
        segmentations, problems = read_user_partitions(user_partitions)
        for problem in problems:
            self.error_tracker(problem)
        save_segmentations(course_id_of(self, block), segmentations)

    def _may_open(self, block: Any) -> bool:
        """Whether the block is what its user is given, by each block that it stands in."""
        if self._services["user"].get_current_user().opt_attrs[_IS_STAFF]:
            return True
        child, parent = block, block.get_parent()
        while parent is not None:
            if isinstance(parent, Structure) and parent.has_dynamic_children():
                given = (each.scope_ids.usage_id for each in parent.get_child_blocks())
                if child.scope_ids.usage_id not in given:
                    return False
            child, parent = parent, parent.get_parent()
        return True


def block_class(block_type: str) -> Any:
    """The class of a block of a course: a placeholder's, where the type is not installed."""
    return XBlock.load_class(block_type, default=PlaceholderBlock)
