"""The base class of runtimes for blocks of courses that are served, read or written."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import Any

from workbench.runtime import WorkbenchI18NService
from xblock.core import XBlockAside
from xblock.fields import ScopeIds
from xblock.runtime import KvsFieldData, Mixologist

from xblock_experiments.blocks.base.guard import Failed, guarded
from xblock_experiments.blocks.base.structure import Structure
from xblock_experiments.errors import NotStored
from xblock_experiments.keys.text import with_text_usage
from xblock_experiments.keys.usage import as_usage_id
from xblock_experiments.runtime import EntryPointServices
from xblock_experiments.workbench.courses.lookup import Courses
from xblock_experiments.workbench.hosting.block_types import block_class
from xblock_experiments.workbench.hosting.failed import FailedBlock
from xblock_experiments.workbench.hosting.fields import WorkbenchFields
from xblock_experiments.workbench.hosting.i18n import translations_for
from xblock_experiments.workbench.hosting.ids import CourseIds
from xblock_experiments.workbench.hosting.mixin import WorkbenchMixin
from xblock_experiments.workbench.hosting.page_urls import Pages
from xblock_experiments.workbench.hosting.placeholder import PlaceholderBlock
from xblock_experiments.workbench.hosting.sdk import HostRuntime
from xblock_experiments.workbench.hosting.state import StoredState
from xblock_experiments.workbench.hosting.text import TextBlock

log = logging.getLogger(__name__)

OUR_BLOCKS = (FailedBlock, PlaceholderBlock, Structure, TextBlock)
"""Classes of blocks that accept any content of a course."""


class CourseRuntime(EntryPointServices, HostRuntime):
    """A runtime for the blocks of some courses, with the services of all packages."""

    user_id: str | None = None
    """The user of all blocks. XBlock deprecates its own property of this name, and warns."""

    def __init__(
        self,
        user_id: str | None,
        courses: Courses,
        state: StoredState,
        *,
        viewer_id: str | None = None,
    ) -> None:
        """Links lead to pages as `viewer_id` sees them."""
        super().__init__(user_id, courses, Pages(courses, viewer_id))
        self.id_reader = self.id_generator = CourseIds(courses)
        self.mixologist = Mixologist((WorkbenchMixin,))
        self.field_values = WorkbenchFields(courses, state)
        self._services["field-data"] = KvsFieldData(self.field_values)
        self._services["pages"] = self.pages
        self._services["placement"] = None

    @property
    def forgets_state(self) -> bool:
        """Return whether values that blocks store about users are lost with this runtime."""
        return not self.field_values.state.is_stored

    def service(self, block: Any, service_name: str) -> Any:
        """Return the service. `i18n` has the translations of the block's own package."""
        service = super().service(block, service_name)
        return translations_for(block) if isinstance(service, WorkbenchI18NService) else service

    def get_block(self, usage_id: Any, for_parent: Any = None) -> Any:
        """Return the block, or a FailedBlock if its package cannot make it. Raises NoSuchUsage."""
        usage_id = as_usage_id(usage_id)
        self.courses.current = course = self.courses.course_of(usage_id)
        if course is None:
            return super().get_block(usage_id, for_parent)
        authored = course.blocks[usage_id]
        ids = ScopeIds(self.user_id, authored.type, usage_id, usage_id)
        cls = PlaceholderBlock if authored.is_placeholder else block_class(authored.type)
        try:
            with guarded():
                return self.construct_xblock_from_class(cls, ids, for_parent=for_parent)
        except Failed:
            log.exception("%s cannot be made for %s.", usage_id, self.user_id)
            return self.construct_xblock_from_class(FailedBlock, ids, for_parent=for_parent)

    def construct_xblock_from_class(
        self, cls: Any, scope_ids: Any, field_data: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        ids = with_text_usage(scope_ids)
        return super().construct_xblock_from_class(cls, ids, field_data, *args, **kwargs)

    def inherited(self, block: Any, name: str) -> str | None:
        """Return the text of a setting of the block or of its nearest ancestor that has it."""
        course = self.courses.course_of(block.scope_ids.usage_id)
        try:
            return course.inherited_by(block.scope_ids.usage_id, name) if course else None
        except KeyError:
            return None

    def publish(self, block: Any, event_type: str, event_data: Any) -> None:
        """Ignore the event, because this runtime has no user."""

    def applicable_aside_types(self, block: Any) -> list[str]:
        """Return the installed types of asides. XBlock's own method searches for each block."""
        return self._aside_types

    def render_asides(self, block: Any, view_name: str, frag: Any, context: Any) -> Any:
        """Return the fragment with the asides of other packages, or without if one fails."""
        try:
            with guarded(NotStored):
                return super().render_asides(block, view_name, frag, context)
        except Failed:
            log.exception("The asides of %s cannot be shown.", block.scope_ids.usage_id)
            return frag

    def error_tracker(self, message: str) -> None:
        """Log OLX that a block cannot use. Blocks call this, as on Open edX."""
        log.warning(message)

    @cached_property
    def _aside_types(self) -> list[str]:
        return [name for name, _ in XBlockAside.load_classes()]

    def _patch_xblock(self, block: Any) -> None:
        """Leave blocks of courses unchanged. The SDK adds mocks to others, which old ones need."""
        if self.courses.course_of(block.scope_ids.usage_id) is None:
            super()._patch_xblock(block)
