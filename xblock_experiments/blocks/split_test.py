"""An experiment in the course: shows each learner the arm of the learner's group, and no other."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext_noop
from web_fragments.fragment import Fragment
from webob import Response
from xblock.core import XBlock
from xblock.fields import Scope
from xblock.utils.studio_editable import StudioEditableXBlockMixin
from xblock.validation import Validation

from xblock_experiments.blocks.base import navigation
from xblock_experiments.blocks.base.fields import JSONDict, PlainInteger
from xblock_experiments.blocks.base.handlers import staff_handler
from xblock_experiments.blocks.base.rendering import render
from xblock_experiments.blocks.base.structure import Structure
from xblock_experiments.blocks.experiment import editor
from xblock_experiments.blocks.experiment.arms import arm_name
from xblock_experiments.blocks.experiment.author_view import author_view
from xblock_experiments.blocks.experiment.setup import Experiment, look_at
from xblock_experiments.blocks.experiment.staff_view import staff_view
from xblock_experiments.blocks.experiment.validation import (
    ExperimentMessage,
    ExperimentValidation,
    general_message,
    problems_of,
)
from xblock_experiments.course_user_segmentation.data import (
    NOT_SELECTED,
    Group,
    SegmentationError,
)
from xblock_experiments.errors import NotStored
from xblock_experiments.keys.usage import type_of, url_name_of
from xblock_experiments.people import is_staff

CHILD_RENDER = "xblock.split_test.child_render"


@XBlock.needs("user_segmentation")
@XBlock.wants("pages", "segmentation_staff", "user")
class SplitTestBlock(StudioEditableXBlockMixin, Structure):
    """Names a segmentation of its course, and maps the groups of it to its children."""

    has_author_view = True
    editable_fields: Any = ("display_name", "user_partition_id", "group_id_to_child")

    default_name = gettext_noop("Content Experiment")

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
            return staff_view(self, context) if is_staff(self) else self._learner_view(context)
        except NotStored:
            return self.try_again_view()

    def author_view(self, context: Any = None) -> Fragment:
        """Every arm, where the page is this experiment's own; inside another one, a line."""
        return author_view(self, context)

    def studio_view(self, context: Any = None) -> Fragment:
        """The form of its name, its segmentation, and of which child is whose arm."""
        return editor.studio_view(self)

    def validate(self) -> ExperimentValidation:
        """What keeps learners from seeing what they should. Of Studio's, the texts are the same."""
        validation = ExperimentValidation(self.scope_ids.usage_id)
        messages = self.validate_split_test()
        if not self.is_configured and len(messages) == 1:
            validation.summary = messages[0]
        else:
            validation.summary = general_message(messages, self.gettext)
            validation.messages += messages
        return validation

    def validate_split_test(self) -> list[ExperimentMessage]:
        """Each thing that is wrong, errors and warnings, with what mends it."""
        return problems_of(self.look(), self.gettext)

    @property
    def general_validation_message(self) -> ExperimentMessage | None:
        return general_message(self.validate_split_test(), self.gettext)

    @property
    def is_configured(self) -> bool:
        return bool(self.user_partition_id != NOT_SELECTED)

    def look(self) -> Experiment:
        """What authors and staff are told of it. Assigns nobody."""
        return look_at(self)

    def active_and_inactive_children(self) -> tuple[list[Any], list[Any]]:
        """The children that groups of the segmentation see, in its order; and the others."""
        experiment = self.look()
        children = {child.scope_ids.usage_id: child for child in self.get_children()}
        return (
            [children[arm.child_id] for arm in experiment.active if arm.child_id in children],
            [children[arm.child_id] for arm in experiment.inactive if arm.child_id in children],
        )

    @staff_handler
    def add_missing_groups(self, request: Any, suffix: str = "") -> Response:
        """Give each group that has no arm an empty one. Once more changes nothing."""
        editor.add_missing_arms(self)
        return Response()

    @staff_handler
    def delete_inactive_arm(self, request: Any, suffix: str = "") -> Response:
        """Delete a child that no group sees, `{"child_id": …}`, with all that is in it."""
        return editor.delete_inactive_arm(self, request)

    @staff_handler
    def submit_studio_edits(self, request: Any, suffix: str = "") -> Response:
        """Save what studio_view's form, or Studio's own, sent."""
        return editor.submit(self, request, super().submit_studio_edits)

    def clean_studio_edits(self, data: dict[str, Any]) -> None:
        """Called by the mixin."""
        editor.clean(self, data)

    def validate_field_data(self, validation: Validation, data: Any) -> None:
        """Called by the mixin."""
        editor.validate(self, validation, data)

    def editor_saved(self, user: Any, old_metadata: Any, old_content: Any) -> None:
        """Studio calls it after it has saved its own form."""
        editor.bring_in_line(self, old_content.get("user_partition_id"))

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
        if is_staff(self):
            return set()
        return super().unsettled_experiments() if self._read_group() else {self.user_partition_id}

    def get_icon_class(self) -> str:
        return navigation.icon_of(self.get_child_blocks())

    @property
    def tooltip_title(self) -> str:
        """The arm's: the experiment's own name is for staff only, and a group's id for nobody."""
        if is_staff(self):
            return self.display_name_with_default
        arm = next(iter(self.get_child_blocks()), None)
        title = navigation.title_of(arm) if arm else ""
        if title not in (arm_name(int(key)) for key in self.group_id_to_child if key.isdecimal()):
            return title
        return next(iter(navigation.content_titles_of(arm)), "")

    def max_score(self) -> None:
        """None: the scores are the arm's blocks' own."""
        return

    @classmethod
    def parse_xml(cls, node: Any, runtime: Any, keys: Any) -> Any:
        """Arms are mapped to the children in hand, whatever course their written ids are of."""
        written = [(child.tag, child.get("url_name")) for child in node if _is_element(child)]
        block = super().parse_xml(node, runtime, keys)
        if len(written) != len(block.children):
            written = [_name_of(child_id) for child_id in block.children]
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
            "split_test.html",
            {"child_id": child.scope_ids.usage_id, "content": content},
            self.i18n,
        )
        self.add_files(fragment, "split_test.js")
        fragment.initialize_js("SplitTestStudentView")
        return fragment


_KEY = re.compile(r".*[/@+](?P<type>[^/@+]+)(?:/|\+block@)(?P<name>[^/@+]+)")
_TEXT_ID = re.compile(r"[\w-]+\.(?P<type>[\w-]+)\.(?P<name>.+)\.d\d+\.u\d+")


def _child_of(usage_id: Any, children: list[tuple[tuple[str, str | None], Any]]) -> Any:
    """The child that an id of any course means; of ids, old and new forms, and bare names."""
    found = _KEY.fullmatch(str(usage_id)) or _TEXT_ID.fullmatch(str(usage_id))
    if found:
        wanted = found["type"], found["name"]
        return next((id for written, id in children if wanted in (written, _name_of(id))), None)
    named = [child_id for (_, name), child_id in children if name == str(usage_id)]
    return named[0] if len(named) == 1 else None


def _name_of(usage_id: Any) -> tuple[str, str | None]:
    """As it was made up, of a child that was given none that can be one."""
    return type_of(usage_id), url_name_of(usage_id)


def _is_element(node: Any) -> bool:
    return isinstance(node.tag, str)
