"""Our events as openedx-events has them, for services that hear of them on the event bus.

Needs the extra `event-bus`, and nothing else of this package: a service that listens imports the
signals from here. Avro is why they are as they are:

* What is optional has the default None, and is never a number: openedx-events reads an optional 0
  as None, and 0 is as good an id as any. So a group that may be missing is a record of its own.
* Values of tags, and where the user stood, are JSON as text.
* Ids of courses, users and blocks are text: not every runtime's are keys of Open edX.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import attrs
from openedx_events.tooling import OpenEdxPublicSignal

from xblock_experiments.events import data as events

_NONE: Any = None
"""A default by which Avro knows an optional field, of which the annotation must not tell."""


@attrs.resolve_types
@attrs.frozen(kw_only=True)
class GroupData:
    """A group of a segmentation. Its name is empty where it was not told."""

    id: int
    name: str


@attrs.resolve_types
@attrs.frozen(kw_only=True)
class SegmentationData:
    """A segmentation of a course; its version is None where it was not told."""

    course_id: str
    id: int
    type: str
    name: str
    version: int = _NONE


@attrs.resolve_types
@attrs.frozen(kw_only=True)
class AssignmentData:
    """A user is in the group from now on."""

    user_id: str
    segmentation: SegmentationData
    group: GroupData
    why: str
    context: str


@attrs.resolve_types
@attrs.frozen(kw_only=True)
class ReassignmentData:
    """A user left a group, for another one or for none; by whose hand, if by anybody's."""

    user_id: str
    segmentation: SegmentationData
    from_group: GroupData
    to_group: GroupData = _NONE
    why: str
    actor: str = _NONE
    context: str


@attrs.resolve_types
@attrs.frozen(kw_only=True)
class ExposureData:
    """A block has shown the user the group's arm for the first time."""

    user_id: str
    segmentation: SegmentationData
    group: GroupData = _NONE
    usage_id: str
    context: str


@attrs.resolve_types
@attrs.frozen(kw_only=True)
class TagData:
    """A tag of the user, of a course or of none, has another value or is gone."""

    user_id: str
    course_id: str = _NONE
    key: str
    deleted: bool
    value: str
    context: str


@attrs.resolve_types
@attrs.frozen(kw_only=True)
class SegmentationChangeData:
    """A segmentation is another one from now on; by whose hand, where that is known."""

    segmentation: SegmentationData
    change: str
    actor: str = _NONE


@attrs.resolve_types
@attrs.frozen(kw_only=True)
class ListData:
    """So many users were put into groups at once, of whom no other event tells."""

    segmentation: SegmentationData
    source: str
    entered: int
    actor: str = _NONE


def _signal(event_type: str, *, data: Mapping[str, type]) -> Any:
    return OpenEdxPublicSignal(event_type, data)  # type: ignore[no-untyped-call]


# .. event_type: org.openedx.learning.segmentation.assignment.created.v1
# .. event_name: ASSIGNMENT_CREATED
# .. event_key_field: assignment.user_id
# .. event_description: A user is in a group of a segmentation from now on.
# .. event_data: AssignmentData
ASSIGNMENT_CREATED = _signal(
    "org.openedx.learning.segmentation.assignment.created.v1",
    data={"assignment": AssignmentData},
)

# .. event_type: org.openedx.learning.segmentation.assignment.changed.v1
# .. event_name: ASSIGNMENT_CHANGED
# .. event_key_field: reassignment.user_id
# .. event_description: A user left a group of a segmentation, for another one or for none.
# .. event_data: ReassignmentData
ASSIGNMENT_CHANGED = _signal(
    "org.openedx.learning.segmentation.assignment.changed.v1",
    data={"reassignment": ReassignmentData},
)

# .. event_type: org.openedx.learning.segmentation.exposure.created.v1
# .. event_name: EXPOSURE_CREATED
# .. event_key_field: exposure.user_id
# .. event_description: A block has shown a learner the learner's arm for the first time.
# .. event_data: ExposureData
EXPOSURE_CREATED = _signal(
    "org.openedx.learning.segmentation.exposure.created.v1",
    data={"exposure": ExposureData},
)

# .. event_type: org.openedx.learning.segmentation.definition.saved.v1
# .. event_name: SEGMENTATION_SAVED
# .. event_key_field: segmentation_change.segmentation.course_id
# .. event_description: A segmentation of a course was published, changed or removed.
# .. event_data: SegmentationChangeData
SEGMENTATION_SAVED = _signal(
    "org.openedx.learning.segmentation.definition.saved.v1",
    data={"segmentation_change": SegmentationChangeData},
)

# .. event_type: org.openedx.learning.segmentation.list.imported.v1
# .. event_name: LIST_IMPORTED
# .. event_key_field: imported_list.segmentation.course_id
# .. event_description: Many users were put into groups at once.
# .. event_data: ListData
LIST_IMPORTED = _signal(
    "org.openedx.learning.segmentation.list.imported.v1",
    data={"imported_list": ListData},
)

# .. event_type: org.openedx.learning.user.tag.changed.v1
# .. event_name: TAG_CHANGED
# .. event_key_field: tag.user_id
# .. event_description: A tag of a user has another value or is gone.
# .. event_data: TagData
TAG_CHANGED = _signal(
    "org.openedx.learning.user.tag.changed.v1",
    data={"tag": TagData},
)

type Payload = Mapping[str, Any]


@dataclass(frozen=True)
class Definition:
    """How one of our events becomes one of openedx-events'."""

    signal: Any
    argument: str
    key: str
    """By whom, or what, events are told in order: a path from the argument on."""
    make: Callable[[Payload, str], object]

    @property
    def key_field(self) -> str:
        return f"{self.argument}.{self.key}"

    def data(self, payload: Payload, context: str) -> dict[str, object]:
        return {self.argument: self.make(payload, context)}


def _segmentation(payload: Payload) -> SegmentationData:
    return SegmentationData(
        course_id=payload["course_id"],
        id=payload["partition_id"],
        type=payload.get("partition_type", "experiment"),
        name=payload["partition_name"],
        version=payload.get("partition_version", _NONE),
    )


def _group(id: int | None, name: str | None = None) -> GroupData:
    return _NONE if id is None else GroupData(id=id, name=name or "")


def _assignment(payload: Payload, context: str) -> AssignmentData:
    return AssignmentData(
        user_id=payload["user_id"],
        segmentation=_segmentation(payload),
        group=GroupData(id=payload["group_id"], name=payload["group_name"]),
        why=payload["why"],
        context=context,
    )


def _reassignment(payload: Payload, context: str) -> ReassignmentData:
    return ReassignmentData(
        user_id=payload["user_id"],
        segmentation=_segmentation(payload),
        from_group=GroupData(id=payload["from_group_id"], name=""),
        to_group=_group(payload["to_group_id"]),
        why=payload["why"],
        actor=payload["actor"] or _NONE,
        context=context,
    )


def _exposure(payload: Payload, context: str) -> ExposureData:
    return ExposureData(
        user_id=payload["user_id"],
        segmentation=_segmentation(payload),
        group=_group(payload["group_id"], payload["group_name"]),
        usage_id=payload["usage_id"],
        context=context,
    )


def _tag(payload: Payload, context: str) -> TagData:
    return TagData(
        user_id=payload["user_id"],
        course_id=payload["course_id"],
        key=payload["key"],
        deleted=payload["deleted"],
        value=json.dumps(payload["value"]),
        context=context,
    )


def _segmentation_change(payload: Payload, _: str) -> SegmentationChangeData:
    return SegmentationChangeData(
        segmentation=_segmentation(payload), change=payload["change"], actor=payload["user_id"]
    )


def _list(payload: Payload, _: str) -> ListData:
    return ListData(
        segmentation=_segmentation(payload),
        source=payload["source"],
        entered=payload["entered"],
        actor=payload["user_id"],
    )


_USER, _COURSE = "user_id", "segmentation.course_id"
DEFINITIONS = {
    events.ASSIGNED: Definition(ASSIGNMENT_CREATED, "assignment", _USER, _assignment),
    events.EXPOSED: Definition(EXPOSURE_CREATED, "exposure", _USER, _exposure),
    events.LIST_IMPORTED: Definition(LIST_IMPORTED, "imported_list", _COURSE, _list),
    events.REASSIGNED: Definition(ASSIGNMENT_CHANGED, "reassignment", _USER, _reassignment),
    events.SEGMENTATION_SAVED: Definition(
        SEGMENTATION_SAVED, "segmentation_change", _COURSE, _segmentation_change
    ),
    events.TAG_CHANGED: Definition(TAG_CHANGED, "tag", _USER, _tag),
}
