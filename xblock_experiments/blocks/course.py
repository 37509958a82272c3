"""The course block, with its outline and its list of segmentations."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop
from web_fragments.fragment import Fragment
from webob import Response
from xblock.core import XBlock
from xblock.fields import Scope, String

from xblock_experiments.blocks.base.fields import JSONList
from xblock_experiments.blocks.base.handlers import answer, json_of, staff_handler
from xblock_experiments.blocks.base.language import Name
from xblock_experiments.blocks.base.outline import OutlineBlock
from xblock_experiments.blocks.base.revision import check_revision, revision_of
from xblock_experiments.blocks.configurations import edits as configurations
from xblock_experiments.blocks.configurations.page import configurations_view, consequences
from xblock_experiments.course_user_segmentation.data import SegmentationEdit

SEGMENTATIONS = "xblock_experiments.segmentations"
"""The event with which a course publishes its whole list: `{"user_partitions": [...]}`."""


@XBlock.needs("segmentation_staff")
@XBlock.wants("user")
class CourseBlock(OutlineBlock):
    """The root of a course, which owns the course's segmentations."""

    default_name = gettext_noop("Course")
    listed_types = frozenset({"chapter", "sequential"})

    language = String(
        help="The code of the language of the course's texts, such as `es` or `zh-Hant`.",
        scope=Scope.settings,
        default=None,
    )
    user_partitions = JSONList(
        help="The course's segmentations, as Open edX's user partitions.",
        scope=Scope.settings,
        default=[],
    )

    @property
    def heading(self) -> Name | None:
        """The default name, or None for a course with a name, which is on each of its pages."""
        return None if self.display_name else super().heading

    def studio_view(self, context: Any = None) -> Fragment:
        """Render the page on which authors list, create, edit and delete group configurations."""
        return configurations_view(self)

    @staff_handler
    def preview_configuration(self, request: Any, suffix: str = "") -> Response:
        """Describe how saving or deleting would affect learners. Saves nothing."""
        partitions, type_, id = self._edited(json_of(request, self))
        found = configurations.listed(partitions)
        edited = next((each for each in found if (each.type, each.id) == (type_, id)), None)
        staff = self.runtime.service(self, "segmentation_staff")
        edits: tuple[SegmentationEdit, ...] = staff.preview_edit(found).segmentations
        (edit,) = (edit for edit in edits if (edit.type, edit.id) == (type_, id))
        return answer(consequences=consequences(self, edit, edited))

    @staff_handler
    def save_configuration(self, request: Any, suffix: str = "") -> Response:
        """Save a segmentation or delete one.

        The request is `{"configuration": …}` or `{"delete": {"type": …, "id": …}}`.
        """
        partitions, _, id = self._edited(json_of(request, self))
        self.user_partitions = partitions
        self.runtime.publish(self, SEGMENTATIONS, {"user_partitions": partitions})
        return answer(result="success", id=id, revision=revision_of(partitions))

    def _edited(self, sent: dict[str, Any]) -> tuple[list[Any], str, int]:
        """Return the edited list, and the type and id of the edited segmentation.

        Raises JsonHandlerError if the request is invalid or outdated.
        """
        check_revision(self, sent, revision_of(self.user_partitions))
        deleted, configuration = sent.get("delete"), sent.get("configuration")
        if isinstance(deleted, dict):
            type_, id = deleted.get("type"), deleted.get("id")
            return configurations.without_deleted(self, type_, id), str(type_), id or 0
        sent_one = configuration if isinstance(configuration, dict) else {}
        partitions, edited = configurations.with_saved(self, sent_one)
        return partitions, edited.type, edited.id

    @classmethod
    def parse_xml(cls, node: Any, runtime: Any, keys: Any) -> Any:
        block = super().parse_xml(node, runtime, keys)
        runtime.publish(block, SEGMENTATIONS, {"user_partitions": block.user_partitions})
        return block
