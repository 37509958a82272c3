"""The events as openedx-events signals, for services that consume them from the event bus.

Needs the extra `event-bus`, and nothing else of this package: a consuming service imports the
signals from here. Avro determines the shape of the data:

* Optional fields have the default None and are never numbers, because openedx-events reads an
  optional 0 as None, and 0 is a valid id. So a group that may be missing is a record of its own.
* Values of tags and users' contexts are JSON texts.
* Ids of courses, users and blocks are text, because not all runtimes use Open edX's keys.
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
"""The default of optional fields. Avro sees the default, but the annotation must not allow None."""


@attrs.resolve_types
@attrs.frozen(kw_only=True)
class GroupData:
    """A group of a segmentation. The name is empty if the event does not contain it."""

    id: int
    name: str


@attrs.resolve_types
@attrs.frozen(kw_only=True)
class SegmentationData:
    """A segmentation of a course. The version is None if the event does not contain it."""

    course_id: str
    id: int
    type: str
    name: str
    version: int = _NONE


@attrs.resolve_types
@attrs.frozen(kw_only=True)
class AssignmentData:
    """A user's entry into a group."""

    user_id: str
    segmentation: SegmentationData
    group: GroupData
    why: str
    context: str


@attrs.resolve_types
@attrs.frozen(kw_only=True)
class ReassignmentData:
    """A user's move out of a group, to another one or none. `actor` is the staff user, if any."""

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
    """A block's first view of the group's arm by a user."""

    user_id: str
    segmentation: SegmentationData
    group: GroupData = _NONE
    usage_id: str
    context: str


@attrs.resolve_types
@attrs.frozen(kw_only=True)
class TagData:
    """A changed or deleted tag of a user, in a course or global."""

    user_id: str
    course_id: str = _NONE
    key: str
    deleted: bool
    value: str
    context: str


@attrs.resolve_types
@attrs.frozen(kw_only=True)
class SegmentationChangeData:
    """A changed segmentation. `actor` is the staff user who published it, if known."""

    segmentation: SegmentationData
    change: str
    actor: str = _NONE


@attrs.resolve_types
@attrs.frozen(kw_only=True)
class ListData:
    """An import that added `entered` users to groups, with no other events."""

    segmentation: SegmentationData
    source: str
    entered: int
    actor: str = _NONE


def _signal(event_type: str, *, data: Mapping[str, type]) -> Any:
    return OpenEdxPublicSignal(event_type, data)  # type: ignore[no-untyped-call]


# .. event_type: org.openedx.learning.segmentation.assignment.created.v1
# .. event_name: ASSIGNMENT_CREATED
# .. event_key_field: assignment.user_id
# .. event_description: A user entered a group of a segmentation.
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
# .. event_description: A block showed a learner the learner's arm for the first time.
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
# .. event_description: Many users entered groups in one import.
# .. event_data: ListData
LIST_IMPORTED = _signal(
    "org.openedx.learning.segmentation.list.imported.v1",
    data={"imported_list": ListData},
)

# .. event_type: org.openedx.learning.user.tag.changed.v1
# .. event_name: TAG_CHANGED
# .. event_key_field: tag.user_id
# .. event_description: A tag of a user changed its value or was deleted.
# .. event_data: TagData
TAG_CHANGED = _signal(
    "org.openedx.learning.user.tag.changed.v1",
    data={"tag": TagData},
)

type Payload = Mapping[str, Any]


@dataclass(frozen=True)
class Definition:
    """The conversion of one event class to an openedx-events signal."""

    signal: Any
    argument: str
    key: str
    """The path from the argument to the field that determines the order of events."""
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
