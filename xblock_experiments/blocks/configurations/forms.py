"""Reads the submitted form of a group configuration."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from xblock.exceptions import JsonHandlerError

from xblock_experiments.course_user_segmentation.data import MAX_WEIGHT, Group, UserSegmentation
from xblock_experiments.course_user_segmentation.types import SegmentationType
from xblock_experiments.keys.ids import MAX_ID, is_id

FIRST_ID = 100
"""The lowest id for new segmentations. Platforms reserve lower ids for their own."""
_MAX_TEXT = 1_000
_MAX_GROUPS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownGroups:
    """The groups that a form may refer to."""

    own: Mapping[int, Group]
    """The segmentation's groups by id, including removed ones, which the form can bring back."""
    used: Collection[int]
    """The ids that no new group may get."""


def edited_by(
    course: Any,
    old: UserSegmentation,
    form: SegmentationType,
    sent: Mapping[str, Any],
    known: KnownGroups,
) -> UserSegmentation:
    """Return the segmentation with the submitted values. Raises JsonHandlerError."""
    _ = course.gettext
    name = _text(course, sent.get("name"))
    if not name:
        raise refused(_("Enter a name for the group configuration."))
    parameters = dict(old.parameters)
    given = sent.get("parameters", {})
    for parameter in form.parameters if isinstance(given, Mapping) else ():
        text = _text(course, given.get(parameter.name, parameters.get(parameter.name)))
        if text:
            parameters[parameter.name] = text
        else:
            parameters.pop(parameter.name, None)
    edited = replace(
        old,
        name=name,
        description=_text(course, sent.get("description", "")),
        groups=tuple(_groups(course, known, form, sent.get("groups"))),
        parameters=parameters,
        active=bool(sent.get("active", True)),
    )
    for repeated in edited.repeated_names:
        message = _("Two groups are named “{name}”. Give each group a name of its own.")
        raise refused(message.format(name=repeated))
    return edited


def _groups(course: Any, known: KnownGroups, form: SegmentationType, sent: Any) -> Iterator[Group]:
    """Yield the groups in the submitted order. A group without an id gets a new, unused one."""
    _ = course.gettext
    groups = sent if isinstance(sent, list) else []
    if not groups or not all(isinstance(group, Mapping) for group in groups):
        raise refused(_("Add at least one group."))
    if len(groups) > _MAX_GROUPS:
        raise refused(_("At most {count} groups.").format(count=_MAX_GROUPS))
    weights = [_weight(course, group.get("weight", 1)) for group in groups]
    if form.has_weights and not any(weights):
        raise refused(_("At least one group must have a weight of 1 or more."))
    used = set(known.used)
    for group, weight in zip(groups, weights, strict=True):
        name = _text(course, group.get("name"))
        if not name:
            raise refused(_("Enter a name for each group."))
        id = group.get("id")
        if id is None:
            id = unused_id(used)
            used.add(id)
        elif not is_id(id) or id not in known.own:
            raise refused(_("This group no longer exists."))
        yield replace(known.own.get(id) or Group(id, name), name=name, weight=weight)


def _weight(course: Any, sent: Any) -> int:
    is_whole = isinstance(sent, int) and not isinstance(sent, bool)
    if not is_whole or not 0 <= sent <= MAX_WEIGHT:
        raise refused(
            course.gettext("A weight must be a whole number from 0 to {max}.").format(
                max=MAX_WEIGHT
            )
        )
    return int(sent)


def _text(course: Any, sent: Any) -> str:
    text = sent.strip() if isinstance(sent, str) else ""
    if len(text) > _MAX_TEXT:
        raise refused(
            course.gettext("Enter at most {count} characters in each field.").format(
                count=_MAX_TEXT
            )
        )
    return text


def unused_id(used: Collection[int]) -> int:
    """Return a random unused id, as Studio does, so that merged courses rarely have equal ids."""
    while True:
        id = FIRST_ID + secrets.randbelow(MAX_ID - FIRST_ID + 1)
        if id not in used:
            return id


def refused(message: str) -> JsonHandlerError:
    return JsonHandlerError(400, message)
