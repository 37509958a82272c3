"""The assignment of users to groups: a pure function of salt, user id and weights.

Anyone can recompute it in any language; tests/data/README.rst shows how in a few lines. It is used
only for users without a group, and for members of a group that was removed. The result is stored,
so later changes of weights do not move any user.

DO NOT CHANGE its results: researchers check stored assignments against it (ADR 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from xblock_experiments.course_user_segmentation.data import (
    Group,
    NotAssignable,
    UserSegmentation,
)

SEPARATOR = "\x1f"
"""ASCII's unit separator. Without it, ("e1", "1x") and ("e11", "x") would give the same text."""
LEAVER = "\x1eleft"
"""The suffix of the salt for a leaver, a user whose group was removed.

It begins with ASCII's record separator.
"""


def choose_group(groups: Sequence[Group], salt: str, user_id: str) -> Group:
    """Return the first group, in listed order, whose cumulative weight exceeds the user's slot.

    The slot is the hash of salt and user id, scaled to a whole number below the total weight.

    Raises NotAssignable if no group has a weight.
    """
    total = sum([group.weight for group in groups])
    digest = sha256(f"{salt}{SEPARATOR}{user_id}".encode()).digest()
    slot = int.from_bytes(digest[:8], "big") * total >> 64
    for group in groups:
        slot -= group.weight
        if slot < 0:
            return group
    raise _nobody()


def choose_group_of_leaver(
    groups: Sequence[Group], salt: str, user_id: str, removed_group_id: int
) -> Group:
    """Return the next group of a user whose group was removed.

    Uses a new slot: the slot on entry would send all members of the removed group to the group that
    takes its place in the list. Raises NotAssignable if no group has a weight.
    """
    return choose_group(groups, f"{salt}{LEAVER}", f"{user_id}{SEPARATOR}{removed_group_id}")


def check_weights(groups: Sequence[Group]) -> None:
    """Raise NotAssignable if there are no groups, or none with a weight."""
    if not any(group.weight for group in groups):
        raise _nobody()


def salt_of(course_id: str, segmentation: UserSegmentation) -> str:
    """Return the segmentation's own salt, or else a default that no other experiment shares."""
    default = SEPARATOR.join((course_id, segmentation.type, str(segmentation.id)))
    return str(segmentation.parameters.get("salt", default))


def _nobody() -> NotAssignable:
    msg = "The experiment has no group with a weight, so it cannot assign anybody."
    return NotAssignable(msg)
