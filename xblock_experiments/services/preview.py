"""Previews of a course as another learner or as a member of a group. They store nothing.

A runtime that offers previews has the attribute `preview`. Its services then answer as they would
for the previewed learner. The runtime must check that only staff can use a preview.
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
    """The view of one learner, with the group that an unassigned learner would get."""

    user_id: str

    def __str__(self) -> str:
        return f"{_LEARNER}{self.user_id}"


@dataclass(frozen=True, slots=True)
class AsGroup:
    """The view of a new learner in that group, without any activity."""

    type: str
    id: int
    group_id: int

    def __str__(self) -> str:
        return f"group.{self.type}.{self.id}.{self.group_id}"


type Preview = AsLearner | AsGroup


def parse(text: str) -> Preview | None:
    """Return the preview that `str` turned into this text, or None for any other text."""
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
