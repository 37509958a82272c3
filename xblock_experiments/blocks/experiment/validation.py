"""The problems that an experiment in a course can have, and how to fix them.

The first five have Studio's types, texts and actions, which a platform's other tools know.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext_noop
from xblock.validation import Validation, ValidationMessage

from xblock_experiments.blocks.base.language import isolated
from xblock_experiments.blocks.experiment.setup import Experiment
from xblock_experiments.course_user_segmentation.data import UserSegmentation

ERROR, WARNING, NOT_CONFIGURED = "error", "warning", "not-configured"

_GENERAL = gettext_noop("This content experiment has issues that affect content visibility.")
_NOT_CONFIGURED = gettext_noop("The experiment is not associated with a group configuration.")
_SELECT = gettext_noop("Select a Group Configuration")
_DELETED = gettext_noop(
    "The experiment uses a deleted group configuration. "
    "Select a valid group configuration or delete this experiment."
)
_NOT_SUPPORTED = gettext_noop(
    "The experiment uses a group configuration that is not supported for experiments. "
    "Select a valid group configuration or delete this experiment."
)
_MISSING = gettext_noop("The experiment does not contain all of the groups in the configuration.")
_ADD_MISSING = gettext_noop("Add Missing Groups")
_INACTIVE = gettext_noop(
    "The experiment has an inactive group. "
    "Move content into active groups, then delete the inactive group."
)
_EDIT_CONFIGURATION = gettext_noop("Edit group configuration")
EDIT_CONFIGURATION = "edit-configuration-button"
"""The action_class of problems that are fixed in the group configuration, not the experiment."""
_SWITCHED_OFF = gettext_noop("Paused: learners see nothing here.")
_NO_WEIGHT = gettext_noop("No group has a weight above 0, so no learner can be assigned.")
_WEIGHTLESS = gettext_noop(
    "No learner is assigned to the group “{group}”, because its weight is 0. "
    "Increase its weight, or remove it from the group configuration."
)
_NESTED = gettext_noop(
    "No learner can reach the group “{group}” here: the experiment is inside an arm of another "
    "experiment with the same group configuration. Select another group configuration, or move "
    "the experiment."
)
_SAME_NAME = gettext_noop(
    "Several groups are named “{name}”, so reports cannot tell them apart. Rename one of them."
)
_ONE_GROUP = gettext_noop(
    "The group configuration has one group only, so all learners get the same content. "
    "Add a group to compare."
)
_SHARED = gettext_noop("The groups {groups} see the same content. Give each group its own content.")


class ExperimentMessage(ValidationMessage):
    """A problem with the action that fixes it: a button's text and effect, named as in Studio."""

    TYPES = [ERROR, WARNING, NOT_CONFIGURED]

    def __init__(
        self,
        message_type: str,
        message_text: str,
        *,
        action_class: str | None = None,
        action_runtime_event: str | None = None,
        action_label: str | None = None,
        view: str = "studio_view",
    ) -> None:
        """Create the message. `view` names the experiment's page on which to fix the problem."""
        super().__init__(message_type, message_text)
        self.action_class = action_class
        self.action_runtime_event = action_runtime_event
        self.action_label = action_label
        self.view = view

    @property
    def is_error(self) -> bool:
        """Return whether the problem keeps learners from seeing the content they should see."""
        return bool(self.type != WARNING)

    def to_json(self) -> dict[str, str]:
        actions = {
            "action_class": self.action_class,
            "action_runtime_event": self.action_runtime_event,
            "action_label": self.action_label,
        }
        return {**super().to_json(), **{key: text for key, text in actions.items() if text}}


class ExperimentValidation(Validation):
    """The problems of an experiment, with a summary for places that show only one message."""

    def __init__(self, xblock_id: Any) -> None:
        super().__init__(xblock_id)
        self.summary: ExperimentMessage | None = None

    @property
    def empty(self) -> bool:
        return self.summary is None and not self.messages

    def to_json(self) -> dict[str, Any]:
        summary = {"summary": self.summary.to_json()} if self.summary else {}
        return {**super().to_json(), **summary}


def problems_of(experiment: Experiment, _: Callable[[str], str]) -> list[ExperimentMessage]:
    """Return the problems, Studio's first."""
    segmentation = experiment.segmentation
    if not experiment.is_configured:
        action = {"action_class": "edit-button", "action_label": _(_SELECT)}
        return [ExperimentMessage(NOT_CONFIGURED, _(_NOT_CONFIGURED), **action)]
    if segmentation is None or not experiment.is_listed:
        return [ExperimentMessage(ERROR, _(_DELETED))]
    if not experiment.is_supported:
        return [ExperimentMessage(ERROR, _(_NOT_SUPPORTED))]
    return [*_of_arms(experiment, _), *_of_groups(experiment, segmentation, _)]


def validation_of(block: Any) -> ExperimentValidation:
    """Return the block's messages and their summary, or the only one of a block without groups."""
    validation = ExperimentValidation(block.scope_ids.usage_id)
    messages = block.validate_split_test()
    if not block.is_configured and len(messages) == 1:
        validation.summary = messages[0]
    else:
        validation.summary = general_message(messages, block.gettext)
        validation.messages += messages
    return validation


def general_message(
    messages: Sequence[ExperimentMessage], _: Callable[[str], str]
) -> ExperimentMessage | None:
    """Return a summary of the messages, or None if there are none."""
    if not messages:
        return None
    is_error = any(message.is_error for message in messages)
    return ExperimentMessage(ERROR if is_error else WARNING, _(_GENERAL))


def _of_arms(experiment: Experiment, _: Callable[[str], str]) -> list[ExperimentMessage]:
    found = []
    if experiment.missing:
        action = {
            "action_runtime_event": "add-missing-groups",
            "action_label": _(_ADD_MISSING),
        }
        found.append(ExperimentMessage(ERROR, _(_MISSING), **action))
    if experiment.inactive:
        found.append(ExperimentMessage(WARNING, _(_INACTIVE), view="author_view"))
    for arm in experiment.active:
        if len(arm.groups) > 1:
            quoted = (_("“{name}”").format(name=isolated(group.name)) for group in arm.groups)
            names = ", ".join(quoted)
            found.append(ExperimentMessage(WARNING, _(_SHARED).format(groups=names)))
    return found


def _of_groups(
    experiment: Experiment, segmentation: UserSegmentation, _: Callable[[str], str]
) -> list[ExperimentMessage]:
    action = {"action_class": EDIT_CONFIGURATION, "action_label": _(_EDIT_CONFIGURATION)}
    if not segmentation.active:
        return [ExperimentMessage(ERROR, _(_SWITCHED_OFF), **action)]
    if not any(group.weight for group in segmentation.groups):
        return [ExperimentMessage(ERROR, _(_NO_WEIGHT), **action)]
    found = [
        ExperimentMessage(WARNING, _(_SAME_NAME).format(name=name), **action)
        for name in segmentation.repeated_names
    ]
    if len(segmentation.groups) == 1:
        found.append(ExperimentMessage(WARNING, _(_ONE_GROUP), **action))
    given = {group.id for group in experiment.given}
    for group in (group for arm in experiment.active for group in arm.groups):
        if given and group.id not in given:
            found.append(ExperimentMessage(WARNING, _(_NESTED).format(group=isolated(group.name))))
        elif not group.weight:
            text = _(_WEIGHTLESS).format(group=isolated(group.name))
            found.append(ExperimentMessage(WARNING, text, **action))
    return found
