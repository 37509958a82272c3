"""The runtime of one user's request."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_noop
from webob import Response
from xblock.core import XBlockAside

from xblock_experiments.blocks.base.guard import Failed, guarded
from xblock_experiments.blocks.experiment.arms import record_exposure
from xblock_experiments.errors import NotStored
from xblock_experiments.keys.users import IS_STAFF, USER_ID
from xblock_experiments.services.preview import AsGroup, AsLearner, Preview
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.courses.lookup import ServedCourses
from xblock_experiments.workbench.hosting.failed import CANNOT_BE_SHOWN, sentence
from xblock_experiments.workbench.hosting.runtime import OUR_BLOCKS, CourseRuntime
from xblock_experiments.workbench.hosting.state import BlankState, StoredState, TransientState
from xblock_experiments.workbench.import_export.exporting import export_block
from xblock_experiments.workbench.requests.access import (
    Accesses,
    Placement,
    is_staff_id,
    may_open,
)
from xblock_experiments.workbench.requests.answers import ANSWERED, answer_to
from xblock_experiments.workbench.requests.confirmation import check_confirmed, record_changes
from xblock_experiments.workbench.requests.olx_service import BlockOlx
from xblock_experiments.workbench.requests.published import process
from xblock_experiments.workbench.storage.edit import Edit

log = logging.getLogger(__name__)

AUTHORS_VIEWS = ("author_view", "studio_view")
_VIEWS = (*AUTHORS_VIEWS, "public_view", "student_view")
NOTHING = gettext_noop("There is nothing for you to do here.")
TRY_AGAIN = gettext_noop("This content cannot be shown right now. Please try again in a moment.")
_STATES = {type(None): StoredState, AsLearner: TransientState, AsGroup: BlankState}
"""The class that stores values of users' fields, by type of preview."""


class ExperimentsRuntime(CourseRuntime):
    """Shows blocks to one user, and passes the user's answers to them."""

    def __init__(
        self, user_id: str | None = None, *, staff: bool = False, preview: Preview | None = None
    ) -> None:
        """The caller must ensure that only staff get a preview."""
        self.preview = preview
        self.viewer_id = user_id
        """The user who looks at the page. In a preview, the page may be another user's."""
        self.is_staff = not preview and (staff or is_staff_id(user_id))
        self.served = Edit() if self.is_staff else ServedCourses()
        shown_id = preview.user_id if isinstance(preview, AsLearner) else user_id
        state = _STATES[type(preview)](shown_id, is_staff=self.is_staff)
        super().__init__(shown_id, self.served, state, viewer_id=user_id)
        self._services["olx"] = BlockOlx(self.served)
        self._services["placement"] = Placement(self)
        attributes = self._services["user"].get_current_user().opt_attrs
        attributes |= {IS_STAFF: self.is_staff, USER_ID: shown_id}

    @property
    def is_author_mode(self) -> bool:
        """Return whether the page is a view for authors."""
        return self.pages.view in AUTHORS_VIEWS

    def render(self, block: Any, view_name: str, context: Any = None) -> Any:
        """Return the rendered view.

        Returns a message instead if the view does not exist, if the user may not open the block, or
        if a block of another package fails.
        """
        course = self._set_current_course(block)
        if self._view_name is None:
            self._begin(view_name)
            # The SDK takes the view's name from the URL, where it could name any method.
            if course and view_name not in _VIEWS:
                return sentence(gettext_noop("This view does not exist."))
            return self._render_page(block, view_name, context)
        if not self._services["placement"].is_given(block):
            return sentence(NOTHING)
        return self._render(block, view_name, context)

    def handle(self, block: Any, handler_name: str, request: Any, suffix: str = "") -> Any:
        """Return the handler's answer, or status 403 if the user may not open the block.

        Stores either both the learner's answer and its score, or neither.
        """
        self._begin("student_view")
        course = self._set_current_course(block)
        if not may_open(block, is_staff=self.is_staff):
            return Response(status=403)
        is_foreign = course is not None and not isinstance(block, OUR_BLOCKS)
        try:
            with self.served.editing(course) as save:
                with ExitStack() as stack:
                    if is_foreign:
                        stack.enter_context(guarded())
                        stack.enter_context(self.field_values.state.locked())
                    response = super().handle(block, handler_name, request, suffix)
                    is_done = response.status_code < 400
                if is_done:
                    changes = self.served.content_changes()
                    if not is_foreign:
                        check_confirmed(changes, request)
                    record_changes(self, block, changes)
                    save()
                return response
        except ANSWERED as error:
            return answer_to(error, block=block, user_id=self.user_id)

    def handler_url(
        self,
        block: Any,
        handler_name: str,
        suffix: str = "",
        query: str = "",
        thirdparty: bool = False,
    ) -> str:
        """Return the handler's URL. Its path names the user and the preview, because Open edX's
        blocks append text to the URL, which would end up in a query string.
        """
        if thirdparty or isinstance(block, XBlockAside):
            return str(super().handler_url(block, handler_name, suffix, query, thirdparty))
        if not getattr(getattr(block, handler_name, None), "_is_xblock_handler", False):
            msg = f"{handler_name!r} is not a handler of {block!r}."
            raise ValueError(msg)
        args = (self.viewer_id, block.scope_ids.usage_id, handler_name, suffix)
        if self.preview:
            path = reverse("preview_learner_handler", args=(self.preview, *args))
        else:
            path = reverse("learner_handler", args=args)
        return f"{path}?{query}" if query else path

    def publish(self, block: Any, event_type: str, event_data: Any) -> None:
        """Process an event that a block publishes. Drops events of a preview."""
        if not self.preview:
            process(self, block, event_type, event_data)

    def export_to_xml(self, block: Any, xmlfile: Any) -> None:
        course = self.courses.course_of(block.scope_ids.usage_id)
        if course is None:
            super().export_to_xml(block, xmlfile)
        else:
            xmlfile.write(export_block(course, block.scope_ids.usage_id).encode())

    def _render_page(self, block: Any, view_name: str, context: Any) -> Any:
        """Render the view of a page, and record that the learner is shown the arms around it."""
        if view_name in AUTHORS_VIEWS or self.is_staff:
            return self._render(block, view_name, context)
        accesses = Accesses(self)
        usage_id = block.scope_ids.usage_id
        if not accesses.allow(usage_id):
            return sentence(NOTHING)
        try:
            for experiment in accesses.experiments_above(usage_id):
                record_exposure(experiment)
        except NotStored:
            return sentence(TRY_AGAIN)
        return self._render(block, view_name, context)

    def _render(self, block: Any, view_name: str, context: Any) -> Any:
        if isinstance(block, OUR_BLOCKS) or self.course is None:
            return super().render(block, view_name, context)
        return self._render_carefully(block, view_name, context)

    def _set_current_course(self, block: Any) -> CourseBlocks | None:
        course = self.courses.course_of(block.scope_ids.usage_id)
        self.courses.current = course
        return course

    def _begin(self, view_name: str) -> None:
        """Prepare for a page with this view. Authors' pages discard what blocks store."""
        self.pages.view = view_name if view_name in AUTHORS_VIEWS else "student_view"
        if not self.preview and self.is_author_mode == self.field_values.state.is_stored:
            state = TransientState if self.is_author_mode else StoredState
            self.field_values.state = state(self.user_id, is_staff=self.is_staff)

    def _render_carefully(self, block: Any, view_name: str, context: Any) -> Any:
        """Render the block. If it fails, log the error and return a message, so that the rest of
        the page is shown.
        """
        try:
            with guarded(NotStored):
                fragment = super().render(block, view_name, context)
                for resource in fragment.resources:
                    # The page does this at its end, where an error would break the whole page.
                    fragment.resource_to_html(resource)
                return fragment
        except Failed:
            log.exception("%s cannot be shown to %s.", block.scope_ids.usage_id, self.user_id)
            return sentence(CANNOT_BE_SHOWN)
