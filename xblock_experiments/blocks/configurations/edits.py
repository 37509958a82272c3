"""Edits to the course's list of segmentations, which authors see as group configurations.

The list keeps its OLX form. Entries that cannot be read are not displayed, but stay in the list.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from xblock.exceptions import JsonHandlerError

from xblock_experiments.blocks.base.language import isolated
from xblock_experiments.blocks.base.structure import Structure, page_url
from xblock_experiments.course_user_segmentation.data import (
    MAX_WEIGHT,
    Group,
    InvalidSegmentation,
    UserSegmentation,
    read_user_partitions,
)
from xblock_experiments.course_user_segmentation.types import SegmentationType, all_types
from xblock_experiments.keys.ids import MAX_ID, is_id

FIRST_ID = 100
"""The lowest id for new segmentations. Platforms reserve lower ids for their own."""
_MAX_TEXT = 1_000
_MAX_GROUPS = 100


@dataclass(frozen=True, slots=True)
class Usage:
    """An experiment in the course that uses a segmentation."""

    label: str
    url: str | None


def usages_in(course: Any) -> dict[int, list[Usage]]:
    """Map each segmentation's id to the experiments that use it, in course order."""
    found: dict[int, list[Usage]] = {}
    for block, path in _experiments_in(course, []):
        label = " / ".join([*path[-1:], block.display_name_with_default])
        usage = Usage(label, page_url(block, "author_view"))
        found.setdefault(block.user_partition_id, []).append(usage)
    return found


def listed(user_partitions: list[Any]) -> list[UserSegmentation]:
    """Return the segmentations in the list that can be read."""
    return read_user_partitions(user_partitions)[0]


def with_saved(course: Any, sent: Mapping[str, Any]) -> tuple[list[Any], UserSegmentation]:
    """Return the list with the submitted segmentation in it, and that segmentation.

    An edited segmentation stays at its position; a new one is appended. Raises JsonHandlerError
    if the submitted data is invalid.
    """
    _ = course.gettext
    known: dict[Any, UserSegmentation] = {
        (each.type, each.id): each for each in listed(course.user_partitions)
    }
    type_, id = sent.get("type"), sent.get("id")
    form = all_types().get(type_) if isinstance(type_, str) else None
    old = known.get((str(type_), id)) if is_id(id) else None
    if form is None or (id is not None and old is None):
        raise _refused(_("This group configuration no longer exists."))
    used = {each.id for each in known.values()}
    blank = UserSegmentation(unused_id(used), str(type_), "", "", ())
    group_ids = {group.id for each in known.values() for group in each.groups}
    try:
        edited = _edited(course, old or blank, form, sent, group_ids)
    except InvalidSegmentation as error:
        raise _refused(_("These values cannot be saved.")) from error
    if old is None:
        return [*course.user_partitions, edited.to_json()], edited
    place = _place_of(old, course.user_partitions)
    before, after = course.user_partitions[:place], course.user_partitions[place + 1 :]
    return [*before, edited.to_json(), *after], edited


def without_deleted(course: Any, type: Any, id: Any) -> list[Any]:
    """Return the list without one segmentation.

    Raises JsonHandlerError if the segmentation is in use or does not exist.
    """
    _ = course.gettext
    old = next((e for e in listed(course.user_partitions) if (e.type, e.id) == (type, id)), None)
    if old is None or type not in all_types():
        raise _refused(_("This group configuration no longer exists."))
    if usages := usages_in(course).get(old.id):
        message = _(
            "This group configuration cannot be deleted, because experiments use it: {units}"
        )
        raise _refused(message.format(units=", ".join(isolated(usage.label) for usage in usages)))
    place = _place_of(old, course.user_partitions)
    return [*course.user_partitions[:place], *course.user_partitions[place + 1 :]]


def unused_id(used: Collection[int]) -> int:
    """Return a random unused id, as Studio does, so that merged courses rarely have equal ids."""
    while True:
        id = FIRST_ID + secrets.randbelow(MAX_ID - FIRST_ID + 1)
        if id not in used:
            return id


def _experiments_in(block: Any, path: list[str]) -> Iterator[tuple[Any, list[str]]]:
    if hasattr(block, "user_partition_id"):
        yield block, path
    for child in block.get_children() if isinstance(block, Structure) else ():
        yield from _experiments_in(child, [*path, block.display_name_with_default])


def _edited(
    course: Any,
    old: UserSegmentation,
    form: SegmentationType,
    sent: Mapping[str, Any],
    group_ids: Collection[int],
) -> UserSegmentation:
    _ = course.gettext
    name = _text(course, sent.get("name"))
    if not name:
        raise _refused(_("Enter a name for the group configuration."))
    parameters = dict(old.parameters)
    given = sent.get("parameters", {})
    for parameter in form.parameters if isinstance(given, Mapping) else ():
        text = _text(course, given.get(parameter.name, parameters.get(parameter.name)))
        if text:
            parameters[parameter.name] = text
        else:
            parameters.pop(parameter.name, None)
    return replace(
        old,
        name=name,
        description=_text(course, sent.get("description", "")),
        groups=tuple(_groups(course, old, form, sent.get("groups"), set(group_ids))),
        parameters=parameters,
        active=bool(sent.get("active", True)),
    )


def _groups(
    course: Any, old: UserSegmentation, form: SegmentationType, sent: Any, used: set[int]
) -> Iterator[Group]:
    """Yield the groups in the submitted order. A group without an id gets a new, unused one."""
    _ = course.gettext
    groups = sent if isinstance(sent, list) else []
    if not groups or not all(isinstance(group, Mapping) for group in groups):
        raise _refused(_("Add at least one group."))
    if len(groups) > _MAX_GROUPS:
        raise _refused(_("At most {count} groups.").format(count=_MAX_GROUPS))
    weights = [_weight(course, group.get("weight", 1)) for group in groups]
    if form.has_weights and not any(weights):
        raise _refused(_("At least one group must have a weight of 1 or more."))
    known = {group.id: group for group in old.groups}
    for group, weight in zip(groups, weights, strict=True):
        name = _text(course, group.get("name"))
        if not name:
            raise _refused(_("Enter a name for each group."))
        id = group.get("id")
        if id is None:
            id = unused_id(used)
            used.add(id)
        elif not is_id(id) or id not in known:
            raise _refused(_("This group no longer exists."))
        yield replace(known.get(id) or Group(id, name), name=name, weight=weight)


def _weight(course: Any, sent: Any) -> int:
    is_whole = isinstance(sent, int) and not isinstance(sent, bool)
    if not is_whole or not 0 <= sent <= MAX_WEIGHT:
        raise _refused(
            course.gettext("A weight must be a whole number from 0 to {max}.").format(
                max=MAX_WEIGHT
            )
        )
    return int(sent)


def _text(course: Any, sent: Any) -> str:
    text = sent.strip() if isinstance(sent, str) else ""
    if len(text) > _MAX_TEXT:
        raise _refused(
            course.gettext("Enter at most {count} characters in each field.").format(
                count=_MAX_TEXT
            )
        )
    return text


def _place_of(segmentation: UserSegmentation, user_partitions: list[Any]) -> int:
    """Return the position of the first list entry with the segmentation's type and id."""
    key = (segmentation.type, segmentation.id)
    return next(
        place
        for place, value in enumerate(user_partitions)
        if key in [(each.type, each.id) for each in listed([value])]
    )


def _refused(message: str) -> JsonHandlerError:
    return JsonHandlerError(400, message)
