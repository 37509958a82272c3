"""The records that an experiment stores besides its assignments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """The first time that a block showed a learner the arm of a group."""

    user_id: str
    group_id: int | None
    """The learner's group at the time.

    None for a learner without a group, as the first release recorded. Such a learner was shown no
    arm.
    """
    usage_id: str
    when: datetime
