"""The event classes, each with its name and its frozen payload.

An event describes something that happened, and is emitted each time it happens. The platform
defines the names and payload keys of two events; this package adds keys to them.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

ASSIGNED = "xmodule.partitions.assigned_user_to_partition"
CHILD_RENDER = "xblock.split_test.child_render"
CONTENT_CHANGED = "xblock_experiments.content_changed"
EXPOSED = "xblock_experiments.user_exposed"
LIST_IMPORTED = "xblock_experiments.list_imported"
PREVIEW_ENTERED = "xblock_experiments.preview_entered"
REASSIGNED = "xblock_experiments.user_reassigned"
SEGMENTATION_SAVED = "xblock_experiments.segmentation_saved"
TAG_CHANGED = "xblock_experiments.tag_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened in a course, either to a user or caused by a user."""

    name: ClassVar[str]

    course_id: str | None
    """The course's id, or None for an event outside any course, such as a changed global tag."""
    user_id: str | None
    """The affected user, or the staff user who changed a course. None if no user is known."""

    def payload(self) -> dict[str, Any]:
        # mypy does not know that a class is hashable if its instances are.
        return {name: getattr(self, name) for name in _names(type(self))}  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseEvent(Event):
    """A change to a course. `user_id` is the staff user who made it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignedUserToPartition(Event):
    """A user entered a group, either as the first group or in place of another.

    The name, the keys and the meaning are the platform's. A consumer of this event alone knows
    each learner's current group.
    """

    name = ASSIGNED

    partition_id: int
    partition_name: str
    partition_type: str
    partition_version: int
    """The version of the segmentation at the time of the assignment."""
    group_id: int
    group_name: str
    why: str
    """One of `assigned`, `group removed`, or `put` if staff did it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserReassigned(Event):
    """A user left a group, either for another one, with an assignment event, or for none."""

    name = REASSIGNED

    partition_id: int
    partition_name: str
    partition_type: str
    from_group_id: int
    to_group_id: int | None
    why: str
    """One of `group removed`, or `put` or `removed` if staff did it."""
    actor: str
    """The staff user who made the change, or an empty text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserExposed(Event):
    """A block showed the learner's arm for the first time, as recorded on the server."""

    name = EXPOSED

    partition_id: int
    partition_name: str
    group_id: int
    group_name: str
    usage_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildRender(Event):
    """A learner's browser loaded the learner's arm. Emitted every time, not only the first."""

    name = CHILD_RENDER

    child_id: str
    usage_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockEvent(Event):
    """An event that a block published, with the block's own name and data."""

    # The name is an instance attribute here, because each event has its own.
    name: str  # type: ignore[misc]

    data: Any

    def __post_init__(self) -> None:
        """Copy the data as JSON, because the block may change it before the event is emitted."""
        data = _as_json(self.data)
        object.__setattr__(self, "data", data if isinstance(data, dict) else {"value": data})

    def payload(self) -> dict[str, Any]:
        return dict(self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagChanged(Event):
    """A tag of the user changed its value or was deleted."""

    name = TAG_CHANGED

    key: str
    deleted: bool
    value: Any
    """The JSON value if the setting EVENT_TAGS allows events to contain it, else None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentationSaved(CourseEvent):
    """A segmentation of the course changed. `user_id` is the staff user who published it."""

    name = SEGMENTATION_SAVED

    partition_id: int
    partition_name: str
    partition_type: str
    partition_version: int
    change: str
    """One of `new`, `changed`, `removed` or `returned`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentChanged(CourseEvent):
    """The learners of a group get other content. `user_id` is the staff user who changed it."""

    name = CONTENT_CHANGED

    partition_id: int
    partition_name: str
    group_id: int
    group_name: str
    usage_id: str
    """The experiment's block."""
    change: str
    """One of the kinds of `experiments.data.ContentChange`."""
    assigned: int
    """The number of learners in the group at that time."""
    exposed: int
    """The number of learners to whom the block had shown the group's content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListImported(CourseEvent):
    """Many users entered groups in one import, with no other events."""

    name = LIST_IMPORTED

    partition_id: int
    partition_name: str
    partition_type: str
    source: str
    """The kind of the imported list, such as `user course tags`."""
    entered: int
    """The number of users who are in a group now and were in none before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewEntered(Event):
    """A staff user started a preview of the course as another user."""

    name = PREVIEW_ENTERED

    preview: str
    """Either `learner.<user id>` or `group.<type>.<segmentation id>.<group id>`."""


@cache
def _names(kind: type[Event]) -> tuple[str, ...]:
    """Return the payload's keys. Cached, because dataclasses computes them anew each time."""
    return tuple(field.name for field in dataclasses.fields(kind))


def _as_json(value: Any) -> Any:
    """Return the value as JSON types, with text in place of unsupported values."""
    try:
        # Python writes NaN and infinities, which are not JSON and which other parsers reject.
        return json.loads(json.dumps(value, default=str, skipkeys=True), parse_constant=str)
    except (RecursionError, ValueError):
        return repr(type(value))
