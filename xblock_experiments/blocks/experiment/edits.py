"""Saves what authors change of an experiment.

The rules are Studio's: each group of a newly chosen segmentation gets a child of its own, no child
is ever lost, and a group without a child is removed from the mapping.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from webob import Request, Response
from xblock.exceptions import JsonHandlerError
from xblock.fields import ScopeIds
from xblock.validation import Validation, ValidationMessage

from xblock_experiments.blocks.base.handlers import answer, json_of
from xblock_experiments.blocks.base.revision import arm_revision, check_revision, revision_of
from xblock_experiments.blocks.experiment.arms import arm_name, without_stale
from xblock_experiments.blocks.experiment.setup import Experiment
from xblock_experiments.course_user_segmentation.data import (
    NOT_SELECTED,
    Group,
)
from xblock_experiments.keys.ids import is_id

_MAX_NAME = 255


def submit(block: Any, request: Any, save: Callable[[Any], Response]) -> Response:
    """Save the form, then update the arms.

    `save` is the handler of StudioEditableXBlockMixin, which sets the fields.
    """
    sent = json_of(request, block)
    values = sent.get("values")
    if not isinstance(values, dict) or not isinstance(sent.get("defaults", []), list):
        raise JsonHandlerError(400, block.gettext("The request cannot be read."))
    check_revision(block, sent, _revision(block))
    before = block.user_partition_id
    if isinstance(values.get("user_partition_id"), float):
        raise JsonHandlerError(400, block.gettext("These values cannot be saved."))
    plain = {"values": values, "defaults": sent.get("defaults", [])}
    try:
        response = save(Request.blank("", method="POST", json=plain))
    except (TypeError, ValueError) as error:
        message = block.gettext("These values cannot be saved.")
        raise JsonHandlerError(400, message) from error
    if response.status_code == 200:
        chosen = values.get("group_id_to_child")
        update_arms(block, before, chosen if isinstance(chosen, dict) else {})
    return response


def clean(block: Any, values: dict[str, Any]) -> None:
    """Normalize submitted values, and add the mappings of groups that the form does not contain."""
    if isinstance(values.get("display_name"), str):
        values["display_name"] = values["display_name"].strip()
    if values.get("user_partition_id", 0) is None:
        values["user_partition_id"] = NOT_SELECTED
    chosen = values.get("group_id_to_child")
    if isinstance(chosen, dict):
        children = {str(child_id): child_id for child_id in block.children}
        wanted = {key: children.get(str(child), child) for key, child in chosen.items() if child}
        kept = without_stale(block.children, block.group_id_to_child)
        values["group_id_to_child"] = {**kept, **wanted}


def validate(block: Any, validation: Validation, data: Any) -> None:
    """Add a message for each invalid value. `data` has the fields as they would be after saving."""
    _ = block.gettext
    if len(data.display_name or "") > _MAX_NAME:
        text = _("The name can have at most {count} characters.").format(count=_MAX_NAME)
        validation.add(ValidationMessage(ValidationMessage.ERROR, text))
    children = {str(child_id) for child_id in block.children}
    present = block.group_id_to_child
    mapping = data.group_id_to_child or {}
    new = {key: child for key, child in mapping.items() if present.get(key) != child}
    if not all(_is_group_key(key) and str(child) in children for key, child in new.items()):
        text = _("A group's content must be part of this experiment.")
        validation.add(ValidationMessage(ValidationMessage.ERROR, text))


def update_arms(
    block: Any, old_segmentation_id: int | None, chosen: Mapping[str, Any] | None = None
) -> None:
    """Add a new child for each group that needs one after a save.

    A newly selected segmentation gets a child for each group, except for groups that the form
    mapped to an existing child. `chosen` maps each group's id, as text, to the child selected in
    the form, or to "" to request a new child.
    """
    chosen = chosen or {}
    mapping = without_stale(block.children, block.group_id_to_child)
    is_new = block.user_partition_id != old_segmentation_id
    for group in _groups(block):
        key = str(group.id)
        wants_new = not chosen.get(key) if is_new else chosen.get(key) == ""
        if wants_new:
            mapping[key] = _new_arm(block, group)
    _set_mapping(block, mapping)


def add_missing_arms(block: Any) -> None:
    mapping = without_stale(block.children, block.group_id_to_child)
    for group in block.read_experiment().missing:
        mapping[str(group.id)] = _new_arm(block, group)
    _set_mapping(block, mapping)


def delete_inactive_arm(block: Any, request: Any) -> Response:
    """Delete the inactive arm named in the request.

    Raises JsonHandlerError if the child is not an inactive arm, or has changed since.
    """
    sent = json_of(request, block)
    wanted = sent.get("child_id")
    experiment: Experiment = block.read_experiment()
    found = [arm.child_id for arm in experiment.inactive if str(arm.child_id) == wanted]
    if not found:
        message = block.gettext("Only content that no group sees can be deleted.")
        raise JsonHandlerError(400, message)
    check_revision(block, sent, arm_revision(block.runtime.get_block(found[0], block)))
    block.children = [child_id for child_id in block.children if str(child_id) != wanted]
    _set_mapping(block, without_stale(block.children, block.group_id_to_child))
    return answer(result="success")


def _set_mapping(block: Any, mapping: dict[str, Any]) -> None:
    """Set the field only if its value changes, so that an equal value is not written."""
    if mapping != block.group_id_to_child:
        block.group_id_to_child = mapping


def _new_arm(block: Any, group: Group) -> Any:
    ids = block.runtime.id_generator
    definition_id = ids.create_definition("vertical")
    usage_id = ids.create_usage(definition_id)
    scope_ids = ScopeIds(block.scope_ids.user_id, "vertical", definition_id, usage_id)
    child = block.runtime.construct_xblock("vertical", scope_ids)
    child.display_name = arm_name(group.id)
    child.parent = block.scope_ids.usage_id
    child.save()
    block.children = [*block.children, usage_id]
    return usage_id


def _groups(block: Any) -> Sequence[Group]:
    experiment: Experiment = block.read_experiment()
    return experiment.groups


def _is_group_key(key: object) -> bool:
    return isinstance(key, str) and key.isdecimal() and len(key) <= 10 and is_id(int(key))


def _revision(block: Any) -> str:
    return revision_of(
        block.display_name, block.user_partition_id, block.group_id_to_child, block.children
    )
