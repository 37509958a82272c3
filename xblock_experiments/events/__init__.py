"""What happened, told to who listens: after it was committed, once."""

from __future__ import annotations

from xblock_experiments.events.contexts import UserContext, contribute, current, user_context
from xblock_experiments.events.data import (
    ASSIGNED,
    CHILD_RENDER,
    EXPOSED,
    LIST_IMPORTED,
    PREVIEW_ENTERED,
    REASSIGNED,
    SEGMENTATION_SAVED,
    TAG_CHANGED,
    AssignedUserToPartition,
    BlockEvent,
    ChildRender,
    Event,
    ListImported,
    PreviewEntered,
    SegmentationSaved,
    TagChanged,
    UserExposed,
    UserReassigned,
)
from xblock_experiments.events.emitting import emit, emit_all, emitted

__all__ = [
    "ASSIGNED",
    "CHILD_RENDER",
    "EXPOSED",
    "LIST_IMPORTED",
    "PREVIEW_ENTERED",
    "REASSIGNED",
    "SEGMENTATION_SAVED",
    "TAG_CHANGED",
    "AssignedUserToPartition",
    "BlockEvent",
    "ChildRender",
    "Event",
    "ListImported",
    "PreviewEntered",
    "SegmentationSaved",
    "TagChanged",
    "UserContext",
    "UserExposed",
    "UserReassigned",
    "contribute",
    "current",
    "emit",
    "emit_all",
    "emitted",
    "user_context",
]
