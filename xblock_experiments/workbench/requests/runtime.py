"""The workbench's runtime, with services of other packages, and with courses."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import nullcontext
from functools import cached_property, partial
from typing import Any
from urllib.parse import quote

from django.db import transaction
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_noop
from web_fragments.fragment import Fragment
from webob import Response
from workbench.runtime import WorkbenchI18NService
from xblock.core import XBlock, XBlockAside
from xblock.exceptions import NoSuchHandlerError, NoSuchUsage, NotFoundError, ProcessingError
from xblock.fields import ScopeIds
from xblock.runtime import KvsFieldData, Mixologist

from xblock_experiments import events
from xblock_experiments.blocks.base.revision import OVERTAKEN
from xblock_experiments.blocks.base.structure import Structure
from xblock_experiments.blocks.course import SEGMENTATIONS
from xblock_experiments.blocks.split_test import CHILD_RENDER
from xblock_experiments.course_user_segmentation.api import save_segmentations
from xblock_experiments.course_user_segmentation.data import read_user_partitions
from xblock_experiments.errors import ExperimentsError, NotStaff, NotStored
from xblock_experiments.gradebook.api import record_score
from xblock_experiments.gradebook.data import InvalidScore
from xblock_experiments.keys.text import with_key_face
from xblock_experiments.keys.usage import as_usage_id
from xblock_experiments.runtime import EntryPointServices
from xblock_experiments.services.binding import course_id_of
from xblock_experiments.services.preview import AsGroup, AsLearner, Preview
from xblock_experiments.settings.common import setting
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.courses.registry import registry
from xblock_experiments.workbench.hosting.fields import WorkbenchStore
from xblock_experiments.workbench.hosting.i18n import translations_for, translations_of
from xblock_experiments.workbench.hosting.ids import CourseIds
from xblock_experiments.workbench.hosting.mixin import WorkbenchMixin
from xblock_experiments.workbench.hosting.page_urls import Pages
from xblock_experiments.workbench.hosting.placeholder import PlaceholderBlock
from xblock_experiments.workbench.hosting.sdk import HostRuntime
from xblock_experiments.workbench.hosting.text import TextBlock
from xblock_experiments.workbench.import_export.exporting import export_block
from xblock_experiments.workbench.requests.olx_service import BlockOlx
from xblock_experiments.workbench.storage.edit import Edit, EditedMeanwhile

log = logging.getLogger(__name__)

GRADE = "grade"
"""What any block publishes when it has graded an answer, as XBlock documents it."""
AUTHORS_VIEWS = ("author_view", "studio_view")
_VIEWS = (*AUTHORS_VIEWS, "public_view", "student_view")
_IS_STAFF = "edx-platform.user_is_staff"
_USER_ID = "edx-platform.user_id"


OUR_BLOCKS = (PlaceholderBlock, Structure, TextBlock)
"""Those that are made for what anybody may have typed."""


class ExperimentsRuntime(EntryPointServices, HostRuntime):
    """Bound to one user, for one request."""

    def __init__(
        self, user_id: str | None = None, *, staff: bool = False, preview: Preview | None = None
    ) -> None:
        """Only staff may be given a preview; that is for the caller to check."""
        super().__init__(preview.user_id if isinstance(preview, AsLearner) else user_id)
        self.viewer_id = user_id
        """Who looks at the page: in a preview, not the one whose page it is."""
        self.preview = preview
        self.is_staff = not preview and (staff or is_staff_id(user_id))
        self.id_reader = self.id_generator = CourseIds(self)
        self._edit: Edit | None = None
        self._page_view: str | None = None
        self.is_handling = False
        self.mixologist = Mixologist((WorkbenchMixin,))
        self.pages = Pages(self)
        self._services["field-data"] = KvsFieldData(WorkbenchStore(self))
        self._services["olx"] = BlockOlx(self)
        self._services["pages"] = self.pages
        attributes = self._services["user"].get_current_user().opt_attrs
        attributes[_IS_STAFF] = self.is_staff
        attributes[_USER_ID] = self.user_id

    @property
    def is_author_mode(self) -> bool:
        """Whether authors are shown their work."""
        return self._page_view in AUTHORS_VIEWS

    @property
    def forgets_state(self) -> bool:
        """Whether what blocks store of users is forgotten with the runtime."""
        return self.is_author_mode or self.preview is not None

    @property
    def begins_blank(self) -> bool:
        """Whether what blocks stored of the user before is not to be seen."""
        return isinstance(self.preview, AsGroup)

    @property
    def is_editing(self) -> bool:
        """Whether this may come to change a course."""
        return self.is_staff and self._edit is not None

    def course_of(self, usage_id: Any) -> CourseBlocks | None:
        """The course that has the block; None for a block of an SDK scenario."""
        draft = self._edit.draft if self._edit else None
        if draft is not None and usage_id in draft.types:
            return draft
        return registry.course_of(usage_id)

    def course_to_change(self, usage_id: Any) -> CourseBlocks:
        """The course that has the block; in a handler a copy, which takes its place at the end.

        Raises NotStaff, EditedMeanwhile.
        """
        course = self.course_of(usage_id)
        if course is None:
            raise NoSuchUsage(usage_id)
        if not self.is_staff:
            msg = f"Only staff may change {usage_id}."
            raise NotStaff(msg)
        if self._edit is None:
            return course
        self.course = self._edit.begin()
        self.course.forget_source(usage_id)
        return self.course

    def service(self, block: Any, service_name: str) -> Any:
        """In place of the SDK's i18n, which knows Django's words only, the block's package's."""
        service = super().service(block, service_name)
        return translations_for(block) if isinstance(service, WorkbenchI18NService) else service

    def get_block(self, usage_id: Any, for_parent: Any = None) -> Any:
        """Raises NoSuchUsage."""
        usage_id = as_usage_id(usage_id)
        self.course = course = self.course_of(usage_id)
        if course is None:
            return super().get_block(usage_id, for_parent)
        ids = ScopeIds(self.user_id, course.types[usage_id], usage_id, usage_id)
        cls = PlaceholderBlock if usage_id in course.placeholders else block_class(ids.block_type)
        return self.construct_xblock_from_class(cls, ids, for_parent=for_parent)

    def construct_xblock_from_class(
        self, cls: Any, scope_ids: Any, field_data: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        ids = with_key_face(scope_ids)
        return super().construct_xblock_from_class(cls, ids, field_data, *args, **kwargs)

    def inherited(self, block: Any, name: str) -> str | None:
        """The text of a setting that the block has, or takes over from what it stands in."""
        course = self.course_of(block.scope_ids.usage_id)
        try:
            return course.inherited_by(block.scope_ids.usage_id, name) if course else None
        except KeyError:
            return None

    def render(self, block: Any, view_name: str, context: Any = None) -> Any:
        """Of a block in an arm that is not the learner's, opened by its address, shows nothing."""
        self.course = course = self.course_of(block.scope_ids.usage_id)
        if self._view_name is None:
            self._page_view = view_name
            # The SDK takes the name from the address, where any method's may be.
            if course and view_name not in _VIEWS:
                return self._sentence(gettext_noop("There is no such view."))
            if view_name not in AUTHORS_VIEWS and not self._may_open(block):
                return self._sentence(gettext_noop("There is nothing for you to do here."))
        if isinstance(block, OUR_BLOCKS) or course is None:
            return super().render(block, view_name, context)
        return self._render_carefully(block, view_name, context)

    def handle(self, block: Any, handler_name: str, request: Any, suffix: str = "") -> Any:
        """Refuses what is sent to a block in an arm that is not the learner's.

        An answer is stored with its score, or neither is.
        """
        self._page_view = None
        self.course = course = self.course_of(block.scope_ids.usage_id)
        if not self._may_open(block):
            return Response(status=403)
        if course is None:
            return self._handle_carefully(block, handler_name, request, suffix)
        self.is_handling = not isinstance(block, OUR_BLOCKS)
        with Edit(course) as self._edit:
            try:
                return self._handle_carefully(block, handler_name, request, suffix)
            finally:
                self._edit = None

    def _handle_carefully(
        self, block: Any, handler_name: str, request: Any, suffix: str
    ) -> Response:
        try:
            with transaction.atomic() if self.is_handling else nullcontext():
                response: Response = super().handle(block, handler_name, request, suffix)
            if self._edit and response.status_code < 400:
                self._edit.finish()
        except (NoSuchHandlerError, NotFoundError):
            return Response(status=404)
        except NotStaff:
            return Response(status=403)
        except EditedMeanwhile:
            return Response(
                status=409, json_body={"error": _translated(OVERTAKEN)}, charset="UTF-8"
            )
        except NotStored as error:
            log.error("%s cannot store what %s sent. %s", block, self.user_id, error)
            return Response(status=503)
        except ExperimentsError as error:
            log.error("%s cannot keep what %s sent. %s", block, self.user_id, error)
            return Response(status=500)
        except ProcessingError as error:
            # So the platform tells what a learner can do about it.
            return Response(json_body={"success": error.args[0]}, charset="UTF-8")
        except self.faults:
            if not self.is_handling:
                raise
            log.exception("%s cannot do what %s sent.", block, self.user_id)
            return Response(status=500)
        return response

    def handler_url(
        self,
        block: Any,
        handler_name: str,
        suffix: str = "",
        query: str = "",
        thirdparty: bool = False,
    ) -> str:
        """Names the user in the path: blocks of Open edX lengthen an address at its end."""
        if thirdparty or isinstance(block, XBlockAside):
            return str(super().handler_url(block, handler_name, suffix, query, thirdparty))
        if not getattr(getattr(block, handler_name, None), "_is_xblock_handler", False):
            msg = f"{handler_name!r} is not a handler of {block!r}."
            raise ValueError(msg)
        ids = block.scope_ids
        user_id = quote(str(self.viewer_id), safe="")
        path = reverse("learner_handler", args=(user_id, ids.usage_id, handler_name, suffix))
        return f"{path}?{query}" if query else path

    def publish(self, block: Any, event_type: str, event_data: Any) -> None:
        """Carries on what blocks publish; other packages' events too. None of a preview's."""
        if self.preview:
            return
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
            if event_type == GRADE:
                self._record_score(block, event_data)
            events.emit(
                events.BlockEvent(
                    course_id=course_id_of(self, block),
                    user_id=block.scope_ids.user_id,
                    name=event_type,
                    data=event_data,
                )
            )

    def export_to_xml(self, block: Any, xmlfile: Any) -> None:
        """As the block is kept, of a course."""
        usage_id = block.scope_ids.usage_id
        course = self.course_of(usage_id)
        if course is None:
            super().export_to_xml(block, xmlfile)
        else:
            xmlfile.write(export_block(course, usage_id).encode())

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
        save = partial(save_segmentations, course_id_of(self, block), segmentations)
        if self._edit:
            self._edit.publish = partial(save, actor=self.viewer_id or "")
        else:
            save()

    def _record_score(self, block: Any, event: Any) -> None:
        """Learners' only: staff who try an arm's problems leave no trace in anybody's grades."""
        user_id = block.scope_ids.user_id
        if self.is_staff or self.forgets_state or user_id is None:
            return
        usage_id = str(block.scope_ids.usage_id)
        event = event if isinstance(event, Mapping) else {}
        points = event.get("value"), event.get("max_value")
        if_higher = bool(event.get("only_if_higher"))
        try:
            course_id = course_id_of(self, block)
            record_score(course_id, user_id, usage_id, *points, only_if_higher=if_higher)
        except InvalidScore as error:
            log.warning("The score of %s for %s is not stored. %s", usage_id, user_id, error)

    def _render_carefully(self, block: Any, view_name: str, context: Any) -> Any:
        """A block that fails is a sentence: the others on the page are still the learner's."""
        try:
            return super().render(block, view_name, context)
        except NotStaff:
            log.exception("%s would change the course when it is shown.", block)
            return self._sentence(gettext_noop("This part of the page cannot be shown."))
        except ExperimentsError:
            raise
        except self.faults:
            log.exception("%s cannot be shown to %s.", block.scope_ids.usage_id, self.user_id)
            return self._sentence(gettext_noop("This part of the page cannot be shown."))

    def _sentence(self, sentence: str) -> Fragment:
        return Fragment(format_html('<p class="xbx-nothing">{}</p>', _translated(sentence)))

    def _may_open(self, block: Any) -> bool:
        """Whether the block is what its user is given, by each block that it stands in."""
        if self.is_staff:
            return True
        child, parent = block, block.get_parent()
        while parent is not None:
            if isinstance(parent, Structure) and parent.has_dynamic_children():
                given = (each.scope_ids.usage_id for each in parent.get_child_blocks())
                if child.scope_ids.usage_id not in given:
                    return False
            child, parent = parent, parent.get_parent()
        return True


def _translated(sentence: str) -> str:
    translated: str = translations_of().gettext(sentence)
    return translated


def is_staff_id(user_id: str | None) -> bool:
    """Whether the setting STAFF lists the user."""
    return user_id in setting("STAFF")


def block_class(block_type: str) -> Any:
    """The class of a block of a course: a placeholder's, where the type is not installed."""
    return XBlock.load_class(block_type, default=PlaceholderBlock)
