"""The replay of a user's history: a pure function that recomputes every group that a rule chose.

So anyone can check stored assignments. A history and its versions come from `get_history` and
`get_versions`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from xblock_experiments.course_user_segmentation.data import Change, UserSegmentation, Version
from xblock_experiments.experiments.assignment import (
    choose_group,
    choose_group_of_leaver,
    salt_of,
)

ASSIGNED = "assigned"
"""The reason of a user's first assignment."""
GROUP_REMOVED = "group removed"
"""The reason of a move out of a removed group."""
GROUP_REMOVED_FIRST_RULE = "group removed, first rule"
"""The reason of such a move by the first release, which chose as on entry."""

type Rule = Callable[[UserSegmentation, str, str, int | None], int]
"""A function of the segmentation, the salt, the user's id and the group that the user was in."""


def replay(
    course_id: str, versions: Iterable[Version], history: Sequence[Change]
) -> tuple[int | None, ...]:
    """Return the user's group after each change, with each assignment computed again.

    Assignments continue from the replayed group, not from the recorded one. Changes that no rule
    decides, such as those by staff, are taken from the history. A history is right if the result
    equals its `to_group_id`s. For a change with `version_by_time`, the version may be wrong.

    Raises LookupError if the version of an assignment is missing, or NotAssignable if that version
    cannot assign.
    """
    definitions = {version.version: version.segmentation for version in versions}
    groups: list[int | None] = []
    present: int | None = None
    for change in history:
        rule = RULES.get(change.why)
        if rule is None:
            present = change.to_group_id
        else:
            segmentation = definitions[change.version]
            salt = salt_of(course_id, segmentation)
            present = rule(segmentation, salt, change.user_id, present)
        groups.append(present)
    return tuple(groups)


def _enter(segmentation: UserSegmentation, salt: str, user_id: str, present: int | None) -> int:
    if present is not None:
        return present
    return choose_group(segmentation.groups, salt, user_id).id


def _leave(segmentation: UserSegmentation, salt: str, user_id: str, present: int | None) -> int:
    if present is None:
        return _enter(segmentation, salt, user_id, present)
    if _has_group(segmentation, present):
        return present
    return choose_group_of_leaver(segmentation.groups, salt, user_id, present).id


def _leave_by_first_rule(
    segmentation: UserSegmentation, salt: str, user_id: str, present: int | None
) -> int:
    if present is not None and _has_group(segmentation, present):
        return present
    return choose_group(segmentation.groups, salt, user_id).id


def _has_group(segmentation: UserSegmentation, group_id: int) -> bool:
    return any(group.id == group_id for group in segmentation.groups)


RULES: Mapping[str, Rule] = {
    ASSIGNED: _enter,
    GROUP_REMOVED: _leave,
    GROUP_REMOVED_FIRST_RULE: _leave_by_first_rule,
}
"""The rules by the reasons that histories have. Other reasons, such as `put`, have no rule."""
