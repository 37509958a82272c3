"""Which group of an experiment a user gets: a function of salt, user id and weights, not a draw.

Anyone can recompute it, in any language; tests/data/README.rst does in a few lines. It decides only
for a user who has no group yet: the result is stored, so later changes of weights move nobody.

DO NOT CHANGE what this computes: researchers check stored assignments against it (ADR 3).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from hashlib import sha256
from itertools import accumulate

from xblock_experiments.course_user_segmentation.data import (
    Group,
    NotAssignable,
    UserSegmentation,
)

SEPARATOR = "\x1f"
"""ASCII's unit separator, so that ("e1", "1x") and ("e11", "x") are not the same text."""


def choose_group(groups: Sequence[Group], salt: str, user_id: str) -> Group:
    """The first group, in listed order, whose cumulative weight exceeds the user's slot.

    Raises NotAssignable.
    """
    bounds = list(accumulate([group.weight for group in groups]))
    if not bounds or not bounds[-1]:
        raise _nobody()
    digest = sha256(f"{salt}{SEPARATOR}{user_id}".encode()).digest()
    slot = int.from_bytes(digest[:8], "big") * bounds[-1] >> 64
    return groups[bisect_right(bounds, slot)]


def check_weights(groups: Sequence[Group]) -> None:
    """Raises NotAssignable where there is no group, or none with weight."""
    if not any(group.weight for group in groups):
        raise _nobody()


def salt_of(course_id: str, segmentation: UserSegmentation) -> str:
    """The segmentation's own salt, else one that no other experiment of any course shares."""
    default = SEPARATOR.join((course_id, segmentation.type, str(segmentation.id)))
    return str(segmentation.parameters.get("salt", default))


def _nobody() -> NotAssignable:
    msg = "The experiment has no group that has any weight: nobody can be assigned."
    return NotAssignable(msg)
