"""Every event: its name, and the frozen payload that comes with it.

An event says what happened, once for each time that it did. The names and payload keys of the
platform's two are the platform's; ours add to them.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, ClassVar

ASSIGNED = "xmodule.partitions.assigned_user_to_partition"
CHILD_RENDER = "xblock.split_test.child_render"
EXPOSED = "xblock_experiments.user_exposed"
LIST_IMPORTED = "xblock_experiments.list_imported"
PREVIEW_ENTERED = "xblock_experiments.preview_entered"
REASSIGNED = "xblock_experiments.user_reassigned"
SEGMENTATION_SAVED = "xblock_experiments.segmentation_saved"
TAG_CHANGED = "xblock_experiments.tag_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened in a course, to a user or by a user's hand."""

    name: ClassVar[str]

    course_id: str | None
    """None where it belongs to no course, as a global tag."""
    user_id: str | None
    """Whom it happened to; of what staff do to a course, who did it. None where nobody is known."""

    def payload(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseEvent(Event):
    """Something that was done to a course. `user_id` is who did it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignedUserToPartition(Event):
    """A user is in a group from now on, for the first time or instead of another one.

    The platform's name and keys, and the platform's meaning: who follows it alone knows where each
    learner is.
    """

    name = ASSIGNED

    partition_id: int
    partition_name: str
    partition_type: str
    partition_version: int
    """Under which version of the segmentation."""
    group_id: int
    group_name: str
    why: str
    """`assigned`, `group removed`, or `put` by staff."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserReassigned(Event):
    """A user left a group: for another one, of which the assignment tells too, or for none."""

    name = REASSIGNED

    partition_id: int
    partition_name: str
    partition_type: str
    from_group_id: int
    to_group_id: int | None
    why: str
    """`group removed`, or `put` or `removed` by staff."""
    actor: str
    """The member of staff who did it; empty where nobody did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserExposed(Event):
    """A block has shown the learner's arm for the first time, as the server recorded it."""

    name = EXPOSED

    partition_id: int
    partition_name: str
    group_id: int | None
    group_name: str | None
    usage_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildRender(Event):
    """A learner's browser has loaded the learner's arm. Once for each time, not once for all."""

    name = CHILD_RENDER

    child_id: str
    usage_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockEvent(Event):
    """What a block published by itself, under the name and with the data that it gave."""

    # Here each has its own.
    name: str  # type: ignore[misc]

    data: Any

    def __post_init__(self) -> None:
        """Keep what was published then, as JSON: the block may change it before it is told."""
        data = _as_json(self.data)
        object.__setattr__(self, "data", data if isinstance(data, dict) else {"value": data})

    def payload(self) -> dict[str, Any]:
        return dict(self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagChanged(Event):
    """A tag of the user has another value than before, or is gone."""

    name = TAG_CHANGED

    key: str
    deleted: bool
    value: Any
    """JSON, of those tags that events may tell of (EVENT_TAGS); None of all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentationSaved(CourseEvent):
    """A segmentation of the course is another one from now on; `user_id` is who published it."""

    name = SEGMENTATION_SAVED

    partition_id: int
    partition_name: str
    partition_type: str
    partition_version: int
    change: str
    """`new`, `changed`, `removed` or `returned`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListImported(CourseEvent):
    """Many users were put into groups at once, of whom no other event tells."""

    name = LIST_IMPORTED

    partition_id: int
    partition_name: str
    partition_type: str
    source: str
    """Of what kind the list was, such as `user course tags`."""
    entered: int
    """How many users are in a group now who were in none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewEntered(Event):
    """A member of staff sees the course as somebody else from now on."""

    name = PREVIEW_ENTERED

    preview: str
    """`learner.<user id>`, or `group.<type>.<segmentation id>.<group id>`."""


def _as_json(value: Any) -> Any:
    """As equal as JSON can make it; what it cannot is text."""
    try:
        # Not all that Python writes as JSON is, and others do not read NaN.
        return json.loads(json.dumps(value, default=str, skipkeys=True), parse_constant=str)
    except (RecursionError, ValueError):
        return repr(type(value))
