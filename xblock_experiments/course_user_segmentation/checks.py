"""What is checked of the ids that callers give, and the errors that name what is not there."""

from __future__ import annotations

from xblock_experiments.course_user_segmentation.data import (
    InvalidId,
    NoSuchGroup,
    NoSuchSegmentation,
)
from xblock_experiments.keys.ids import flaw_of, is_id


def check_id(text: str, whose: str) -> None:
    """Raises InvalidId."""
    if flaw := flaw_of(text):
        msg = f"The id of a {whose} {flaw}."
        raise InvalidId(msg)


def check_actor(actor: str) -> None:
    if actor:
        check_id(actor, "member of staff")


def check_group_id(group_id: int) -> None:
    """Raises NoSuchGroup for what can be no group's id."""
    if not is_id(group_id):
        msg = f"{group_id!r} is no id of a group, which is an integer."
        raise NoSuchGroup(msg)


def no_such(course_id: str, id: int, type: str) -> NoSuchSegmentation:
    """The error, to be raised."""
    msg = f"Course {course_id!r} has no segmentation {id!r} of type {type!r}."
    return NoSuchSegmentation(msg)
