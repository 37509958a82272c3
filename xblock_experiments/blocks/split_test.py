"""The experiment block, which shows each learner only the arm of the learner's group."""

from __future__ import annotations

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
from xblock_experiments.blocks.experiment import editor, edits
from xblock_experiments.blocks.experiment.arms import arm_name, record_exposure
from xblock_experiments.blocks.experiment.author_view import author_view
from xblock_experiments.blocks.experiment.setup import Experiment, read_experiment
from xblock_experiments.blocks.experiment.staff_view import staff_view
from xblock_experiments.blocks.experiment.validation import (
    ExperimentMessage,
    ExperimentValidation,
    general_message,
    problems_of,
    validation_of,
)
from xblock_experiments.blocks.experiment.written_ids import with_own_ids
from xblock_experiments.course_user_segmentation.data import (
    NOT_SELECTED,
    Group,
    SegmentationError,
)
from xblock_experiments.errors import NotStored
from xblock_experiments.people import is_staff

CHILD_RENDER = "xblock.split_test.child_render"


@XBlock.needs("user_segmentation")
@XBlock.wants("segmentation_staff", "user")
class SplitTestBlock(StudioEditableXBlockMixin, Structure):
    """An experiment. It maps each group of a segmentation to one of the block's children."""

    has_author_view = True
    editable_fields: Any = ("display_name", "user_partition_id", "group_id_to_child")

    default_name = gettext_noop("Content Experiment")

    user_partition_id = PlainInteger(
        help="The id of one of the course's segmentations.",
        scope=Scope.content,
        default=NOT_SELECTED,
    )
    group_id_to_child = JSONDict(
        help="Maps each group's id, as text, to the usage id of the group's arm.",
        scope=Scope.content,
        default={},
    )

    _group: Group | None = None

    @XBlock.supports("multi_device")
    def student_view(self, context: Any = None) -> Fragment:
        """Show the learner's arm: assign a group if needed, and record the exposure.

        Staff see all arms instead, and are not assigned.
        """
        try:
            return staff_view(self, context) if is_staff(self) else self._learner_view(context)
        except NotStored:
            return self.try_again_view()

    def author_view(self, context: Any = None) -> Fragment:
        """Render all arms on the experiment's own page, or one line on another block's page."""
        return author_view(self, context)

    def studio_view(self, context: Any = None) -> Fragment:
        """Render the form for the name, the segmentation, and the mapping of groups to children."""
        return editor.studio_view(self)

    def validate(self) -> ExperimentValidation:
        """Return a summary and all messages, in Studio's format and with Studio's texts."""
        return validation_of(self)

    def validate_split_test(self) -> list[ExperimentMessage]:
        """Return all errors and warnings. Some have an action that fixes the problem."""
        return problems_of(self.read_experiment(), self.gettext)

    @property
    def general_validation_message(self) -> ExperimentMessage | None:
        return general_message(self.validate_split_test(), self.gettext)

    @property
    def is_configured(self) -> bool:
        return bool(self.user_partition_id != NOT_SELECTED)

    def read_experiment(self) -> Experiment:
        """Return the facts that authors and staff see about the experiment. Assigns nobody."""
        return read_experiment(self)

    def active_and_inactive_children(self) -> tuple[list[Any], list[Any]]:
        """Return the children that groups see, in the groups' order, and the other children."""
        experiment = self.read_experiment()
        children = {child.scope_ids.usage_id: child for child in self.get_children()}
        return (
            [children[arm.child_id] for arm in experiment.active if arm.child_id in children],
            [children[arm.child_id] for arm in experiment.inactive if arm.child_id in children],
        )

    @staff_handler
    def add_missing_groups(self, request: Any, suffix: str = "") -> Response:
        """Create an empty arm for each group that has none. Idempotent."""
        edits.add_missing_arms(self)
        return Response()

    @staff_handler
    def delete_inactive_arm(self, request: Any, suffix: str = "") -> Response:
        """Delete a child that no group sees, with its content.

        The request is JSON: `{"child_id": …}`.
        """
        return edits.delete_inactive_arm(self, request)

    @staff_handler
    def submit_studio_edits(self, request: Any, suffix: str = "") -> Response:
        """Save the submitted form: the one of `studio_view`, or Studio's own."""
        return edits.submit(self, request, super().submit_studio_edits)

    def clean_studio_edits(self, data: dict[str, Any]) -> None:
        """Clean the submitted values. Called by StudioEditableXBlockMixin."""
        edits.clean(self, data)

    def validate_field_data(self, validation: Validation, data: Any) -> None:
        """Validate the submitted values. Called by StudioEditableXBlockMixin."""
        edits.validate(self, validation, data)

    def editor_saved(self, user: Any, old_metadata: Any, old_content: Any) -> None:
        """Update the arms after Studio has saved its own form. Called by Studio."""
        edits.update_arms(self, old_content.get("user_partition_id"))

    @XBlock.handler
    def log_child_render(self, request: Any, suffix: str = "") -> Response:
        """Publish an event. The learner's browser calls this when it has loaded the arm."""
        if request.method != "POST":
            return Response(status=405, allow=["POST"])
        for child in self.get_child_blocks():
            child_id = str(child.scope_ids.usage_id)
            self.runtime.publish(self, CHILD_RENDER, {"child_id": child_id})
        return Response()

    def get_child_blocks(self) -> list[Any]:
        """Return the given group's arm, or an empty list if there is no group or no arm."""
        group = self._group or self._read_group()
        usage_id = self.group_id_to_child.get(str(group.id)) if group else None
        arm: list[Any] = self.get_children(lambda child_id: str(child_id) == str(usage_id))
        return arm

    def has_dynamic_children(self) -> bool:
        return True

    def unsettled_experiments(self) -> set[int]:
        """Return the ids of the experiments in which the learner still needs an assignment.

        Returns this block's own experiment until the learner has a group, then those inside the
        arm. The set is empty for staff. For an anonymous user, it is always this block's own.
        """
        if is_staff(self):
            return set()
        return super().unsettled_experiments() if self._read_group() else {self.user_partition_id}

    def get_icon_class(self) -> str:
        return navigation.icon_of(self.get_child_blocks())

    @property
    def tooltip_title(self) -> str:
        """The experiment's name for staff. For learners, the arm's title or, if that is the
        default, the first title inside the arm.
        """
        if is_staff(self):
            return self.display_name_with_default
        arm = next(iter(self.get_child_blocks()), None)
        title = navigation.title_of(arm) if arm else ""
        if title not in (arm_name(int(key)) for key in self.group_id_to_child if key.isdecimal()):
            return title
        return next(iter(navigation.content_titles_of(arm)), "")

    def max_score(self) -> None:
        """Return None, because scores belong to the blocks in the arm."""
        return

    @classmethod
    def parse_xml(cls, node: Any, runtime: Any, keys: Any) -> Any:
        """Parse the block, and map the groups to the usage ids of the parsed children.

        The ids in the OLX can be those of another course.
        """
        written = [(child.tag, child.get("url_name")) for child in node if _is_element(child)]
        block = super().parse_xml(node, runtime, keys)
        block.group_id_to_child = with_own_ids(block.group_id_to_child, block.children, written)
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
        service = self._service()
        # An anonymous user is shown the arm of a group without being in it.
        read = service.assign if self.scope_ids.user_id is None else service.group
        try:
            self._group = read(self.user_partition_id)
        except (SegmentationError, NotStored):
            return None
        return self._group

    def _learner_view(self, context: Any) -> Fragment:
        self._group = self._settle_group()
        for child in self.get_child_blocks():
            fragment = self._arm_view(child, context)
            record_exposure(self)
            return fragment
        return self.sentence_view(self.gettext("There is nothing for you to do here."))

    def _arm_view(self, child: Any, context: Any) -> Fragment:
        fragment = Fragment()
        content = self.render_child(child, fragment, context)
        fragment.content = render(
            "split_test.html",
            {"child_id": child.scope_ids.usage_id, "content": content},
            self,
        )
        self.add_files(fragment, "split_test.js")
        fragment.initialize_js("SplitTestStudentView")
        return fragment


def _is_element(node: Any) -> bool:
    return isinstance(node.tag, str)
