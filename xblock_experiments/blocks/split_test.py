"""An experiment in the course: shows each learner the arm of the learner's group, and no other."""

from __future__ import annotations

import re
from typing import Any

from web_fragments.fragment import Fragment
from webob import Response
from xblock.core import XBlock
from xblock.fields import Scope

from xblock_experiments.blocks import navigation
from xblock_experiments.blocks.fields import JSONDict, PlainInteger
from xblock_experiments.blocks.rendering import render
from xblock_experiments.blocks.structure import Structure
from xblock_experiments.course_user_segmentation.data import (
    NOT_SELECTED,
    Group,
    NoSuchSegmentation,
    SegmentationError,
)
from xblock_experiments.errors import NotStored
from xblock_experiments.usage import type_of, url_name_of

CHILD_RENDER = "xblock.split_test.child_render"


@XBlock.needs("user_segmentation")
@XBlock.wants("user")
class SplitTestBlock(Structure):
    """Names a segmentation of its course, and maps the groups of it to its children."""

    user_partition_id = PlainInteger(
        help="The id of the course's segmentation.", scope=Scope.content, default=NOT_SELECTED
    )
    group_id_to_child = JSONDict(
        help="Which child is a group's arm: group id, as text, to usage id.",
        scope=Scope.content,
        default={},
    )

    _group: Group | None = None

    @XBlock.supports("multi_device")
    def student_view(self, context: Any = None) -> Fragment:
        """Settle the learner's group, show its arm, and note that it was shown."""
        try:
            return self._staff_view(context) if self._is_staff() else self._learner_view(context)
        except NotStored:
            return self.try_again_view()

    def author_view(self, context: Any = None) -> Fragment:
        """Every arm."""
        return self._staff_view(context)

    @XBlock.handler
    def log_child_render(self, request: Any, suffix: str = "") -> Response:
        """The learner's browser tells that it shows the arm."""
        if request.method != "POST":
            return Response(status=405, allow=["POST"])
        for child in self.get_child_blocks():
            child_id = str(child.scope_ids.usage_id)
            self.runtime.publish(self, CHILD_RENDER, {"child_id": child_id})
        return Response()

    def get_child_blocks(self) -> list[Any]:
        """The learner's arm, or nothing: before it is settled, and where it has no child."""
        group = self._group or self._read_group()
        usage_id = self.group_id_to_child.get(str(group.id)) if group else None
        arm: list[Any] = self.get_children(lambda child_id: str(child_id) == str(usage_id))
        return arm

    def has_dynamic_children(self) -> bool:
        return True

    def unsettled_experiments(self) -> set[int]:
        """Its own, until that is settled, which nobody's never is. None of staff's."""
        if self._is_staff():
            return set()
        return super().unsettled_experiments() if self._read_group() else {self.user_partition_id}

    def get_icon_class(self) -> str:
        return navigation.icon_of(self.get_child_blocks())

    @property
    def tooltip_title(self) -> str:
        """The arm's: the experiment's own name is not for learners."""
        return next(map(navigation.title_of, self.get_child_blocks()), "")

    def max_score(self) -> None:
        """None: the scores are the arm's blocks' own."""
        return

    @classmethod
    def parse_xml(cls, node: Any, runtime: Any, keys: Any) -> Any:
        """Arms are mapped to the children in hand, whatever course their written ids are of."""
        written = [(child.tag, child.get("url_name")) for child in node if _is_element(child)]
        block = super().parse_xml(node, runtime, keys)
        if len(written) != len(block.children):
            written = [(type_of(child_id), url_name_of(child_id)) for child_id in block.children]
        children = list(zip(written, block.children, strict=True))
        block.group_id_to_child = {
            group_id: _child_of(usage_id, children) or usage_id
            for group_id, usage_id in block.group_id_to_child.items()
        }
        return block

    def _service(self) -> Any:
        return self.runtime.service(self, "user_segmentation")

    def _settle_group(self) -> Group | None:
        try:
            group: Group = self._service().assign(self.user_partition_id)
        except SegmentationError:
            return None
        return group

    def _read_group(self) -> Group | None:
        try:
            self._group = self._service().group(self.user_partition_id)
        except (SegmentationError, NotStored):
            return None
        return self._group

    def _is_staff(self) -> bool:
        user_service = self.runtime.service(self, "user")
        if user_service is None:
            return False
        attributes = user_service.get_current_user().opt_attrs
        return bool(attributes.get("edx-platform.user_is_staff"))

    def _learner_view(self, context: Any) -> Fragment:
        self._group = self._settle_group()
        for child in self.get_child_blocks():
            fragment = self._arm_view(child, context)
            self._service().record_exposure(self.user_partition_id)
            return fragment
        return self.sentence_view(self.gettext("There is nothing for you to do here."))

    def _arm_view(self, child: Any, context: Any) -> Fragment:
        fragment = Fragment()
        content = self.render_child(child, fragment, context)
        fragment.content = render(
            "split_test.html", {"child_id": child.scope_ids.usage_id, "content": content}
        )
        self.add_script(fragment, "split_test.js")
        fragment.initialize_js("SplitTestStudentView")
        return fragment

    def _staff_view(self, context: Any) -> Fragment:
        """Every arm, under its group's name. Assigns nobody."""
        fragment = Fragment()
        names = self._group_names()
        arms = [
            {
                "name": names.get(str(child.scope_ids.usage_id), self.gettext("Inactive")),
                "child_id": child.scope_ids.usage_id,
                "content": self.render_child(child, fragment, context),
            }
            for child in self.get_children()
        ]
        fragment.content = render("split_test_staff.html", {"arms": arms})
        self.add_style(fragment, "vertical.css")
        return fragment

    def _group_names(self) -> dict[str, str]:
        try:
            segmentation = self._service().segmentation(self.user_partition_id)
        except NoSuchSegmentation:
            return {}
        children = self.group_id_to_child
        return {
            str(children[str(group.id)]): group.name
            for group in segmentation.groups
            if str(group.id) in children
        }


_WRITTEN_ID = re.compile(r".*[/@+](?P<type>[^/@+]+)(?:/|\+block@)(?P<name>[^/@+]+)")


def _child_of(usage_id: Any, children: list[tuple[tuple[str, str | None], Any]]) -> Any:
    """The child that an id of any course means; of ids, old and new forms, and bare names."""
    found = _WRITTEN_ID.fullmatch(str(usage_id))
    if found:
        wanted = found["type"], found["name"]
        return next((child_id for written, child_id in children if written == wanted), None)
    named = [child_id for (_, name), child_id in children if name == str(usage_id)]
    return named[0] if len(named) == 1 else None


def _is_element(node: Any) -> bool:
    return isinstance(node.tag, str)
