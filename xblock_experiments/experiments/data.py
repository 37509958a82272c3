"""The records that an experiment stores besides its assignments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


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


type ContentChangeKind = Literal["edited", "replaced", "lost", "gained", "deselected", "removed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentChange:
    """A change of the content that an experiment gives the learners of one group."""

    kind: ContentChangeKind
    """One of these:

    * `edited`: the same content was edited.
    * `replaced`: the group gets other content.
    * `lost`: the group gets no content, or an empty unit.
    * `gained`: the group got no content before, or an empty unit.
    * `deselected`: the experiment uses another segmentation.
    * `removed`: the experiment is no longer in the course.
    """
    usage_id: str
    title: str
    """The name of the experiment."""
    segmentation_id: int
    segmentation_name: str
    group_id: int
    group_name: str
    old: str | None
    """The title of the content before the change. None if the group got nothing."""
    new: str | None
    """The title of the content after the change. None if the group gets nothing."""
    assigned: int
    """The number of learners in the group."""
    exposed: int
    """The number of learners to whom the experiment had shown the group's content."""


@dataclass(frozen=True, slots=True)
class PastContentChange:
    """A saved change of content, with the time and the staff user who made it."""

    change: ContentChange
    when: datetime
    who: str
    """The staff user's id, or an empty text if it is unknown."""
