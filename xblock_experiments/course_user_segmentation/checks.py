"""Checks of the ids that callers pass, and errors for ids that do not exist."""

from __future__ import annotations

from xblock_experiments.course_user_segmentation.data import (
    InvalidId,
    NoSuchGroup,
    NoSuchSegmentation,
)
from xblock_experiments.keys.ids import flaw_of, is_id


def check_id(text: str, whose: str) -> None:
    """Raise InvalidId if the id of a course, user or block cannot be stored."""
    if flaw := flaw_of(text):
        msg = f"The id of a {whose} {flaw}."
        raise InvalidId(msg)


def check_actor(actor: str) -> None:
    if actor:
        check_id(actor, "member of staff")


def check_group_id(group_id: int) -> None:
    """Raise NoSuchGroup if the value cannot be a group's id."""
    if not is_id(group_id):
        msg = f"{group_id!r} is not a group's id: an id is an integer, 0 or more."
        raise NoSuchGroup(msg)


def no_such(course_id: str, id: int, type: str) -> NoSuchSegmentation:
    """Return the error for the caller to raise."""
    msg = f"Course {course_id!r} has no segmentation {id!r} of type {type!r}."
    return NoSuchSegmentation(msg)
