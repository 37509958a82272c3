"""Edits to the course's list of segmentations, which authors see as group configurations.

The list keeps its OLX form. Entries that cannot be read are not displayed, but stay in the list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from xblock_experiments.blocks.base.language import isolated
from xblock_experiments.blocks.base.structure import Structure, page_url
from xblock_experiments.blocks.configurations.forms import KnownGroups, edited_by, refused
from xblock_experiments.blocks.configurations.forms import unused_id as unused_id
from xblock_experiments.course_user_segmentation.data import (
    Group,
    InvalidSegmentation,
    UserSegmentation,
    read_user_partitions,
)
from xblock_experiments.course_user_segmentation.types import all_types
from xblock_experiments.keys.ids import is_id
from xblock_experiments.people import is_staff


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


def removed_groups(course: Any) -> dict[tuple[str, int], tuple[Group, ...]]:
    """Return the groups that staff can bring back, by type and id of their segmentation."""
    if not is_staff(course):
        return {}
    staff = course.runtime.service(course, "segmentation_staff")
    found: dict[tuple[str, int], tuple[Group, ...]] = staff.removed_groups()
    return found


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
        raise refused(_("This group configuration no longer exists."))
    used = {each.id for each in known.values()}
    before = old or UserSegmentation(unused_id(used), str(type_), "", "", ())
    try:
        edited = edited_by(course, before, form, sent, _known_groups(course, before))
    except InvalidSegmentation as error:
        raise refused(_("These values cannot be saved.")) from error
    if old is None:
        return [*course.user_partitions, edited.to_json()], edited
    partitions = [*course.user_partitions]
    partitions[_place_of(old, partitions)] = edited.to_json()
    return partitions, edited


def without_deleted(course: Any, type: Any, id: Any) -> list[Any]:
    """Return the list without one segmentation.

    Raises JsonHandlerError if the segmentation is in use or does not exist.
    """
    _ = course.gettext
    old = next((e for e in listed(course.user_partitions) if (e.type, e.id) == (type, id)), None)
    if old is None or type not in all_types():
        raise refused(_("This group configuration no longer exists."))
    if usages := usages_in(course).get(old.id):
        message = _(
            "This group configuration cannot be deleted, because experiments use it: {units}"
        )
        raise refused(message.format(units=", ".join(isolated(usage.label) for usage in usages)))
    place = _place_of(old, course.user_partitions)
    return [*course.user_partitions[:place], *course.user_partitions[place + 1 :]]


def _experiments_in(block: Any, path: list[str]) -> Iterator[tuple[Any, list[str]]]:
    if hasattr(block, "user_partition_id"):
        yield block, path
    for child in block.get_children() if isinstance(block, Structure) else ():
        yield from _experiments_in(child, [*path, block.display_name_with_default])


def _known_groups(course: Any, segmentation: UserSegmentation) -> KnownGroups:
    removed = removed_groups(course)
    present = [group for each in listed(course.user_partitions) for group in each.groups]
    own = (*removed.get((segmentation.type, segmentation.id), ()), *segmentation.groups)
    return KnownGroups(
        own={group.id: group for group in own},
        used={group.id for groups in (present, *removed.values()) for group in groups},
    )


def _place_of(segmentation: UserSegmentation, user_partitions: list[Any]) -> int:
    """Return the position of the first list entry with the segmentation's type and id."""
    key = (segmentation.type, segmentation.id)
    return next(
        place
        for place, value in enumerate(user_partitions)
        if key in [(each.type, each.id) for each in listed([value])]
    )
