"""A look at a course through other eyes, which leaves no trace.

A runtime that offers previews has the attribute `preview`. Its services then answer as they would
answer the one who is meant, and store nothing. Only staff may be given one: that is the runtime's
to check.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from xblock_experiments.keys.ids import flaw_of, is_id

_GROUP = re.compile(r"group\.(?P<type>.+)\.(?P<id>[0-9]{1,10})\.(?P<group_id>[0-9]{1,10})")
_LEARNER = "learner."


@dataclass(frozen=True, slots=True)
class AsLearner:
    """What that learner sees, with the group that would be given where there is none yet."""

    user_id: str

    def __str__(self) -> str:
        return f"{_LEARNER}{self.user_id}"


@dataclass(frozen=True, slots=True)
class AsGroup:
    """What somebody in that group sees who has done nothing yet."""

    type: str
    id: int
    group_id: int

    def __str__(self) -> str:
        return f"group.{self.type}.{self.id}.{self.group_id}"


type Preview = AsLearner | AsGroup


def parse(text: str) -> Preview | None:
    """What `str` made of a preview; None for any other text."""
    if text.startswith(_LEARNER):
        user_id = text.removeprefix(_LEARNER)
        return None if flaw_of(user_id) else AsLearner(user_id)
    found = _GROUP.fullmatch(text)
    if found is None or not (is_id(int(found["id"])) and is_id(int(found["group_id"]))):
        return None
    return AsGroup(found["type"], int(found["id"]), int(found["group_id"]))


def preview_of(runtime: Any) -> Preview | None:
    preview: Preview | None = getattr(runtime, "preview", None)
    return preview
