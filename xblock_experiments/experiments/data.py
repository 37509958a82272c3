"""What is recorded of an experiment besides its assignments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """The first time that a block showed a learner the arm of a group."""

    user_id: str
    group_id: int | None
    """None where it was recorded of a learner who was in no group then."""
    usage_id: str
    when: datetime
