"""Events, which are emitted once, after the change that they describe is committed.

The event classes can be imported anywhere. Emitting needs Django, and is imported on first access.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from xblock_experiments.events.data import (
    ASSIGNED,
    CHILD_RENDER,
    CONTENT_CHANGED,
    EXPOSED,
    LIST_IMPORTED,
    PREVIEW_ENTERED,
    REASSIGNED,
    SEGMENTATION_SAVED,
    TAG_CHANGED,
    AssignedUserToPartition,
    BlockEvent,
    ChildRender,
    ContentChanged,
    CourseEvent,
    Event,
    ListImported,
    PreviewEntered,
    SegmentationSaved,
    TagChanged,
    UserExposed,
    UserReassigned,
)

if TYPE_CHECKING:
    from xblock_experiments.events.context import UserContext, contribute
    from xblock_experiments.events.contexts import current, user_context
    from xblock_experiments.events.emitting import emit, emit_all, emitted

__all__ = [
    "ASSIGNED",
    "CHILD_RENDER",
    "CONTENT_CHANGED",
    "EXPOSED",
    "LIST_IMPORTED",
    "PREVIEW_ENTERED",
    "REASSIGNED",
    "SEGMENTATION_SAVED",
    "TAG_CHANGED",
    "AssignedUserToPartition",
    "BlockEvent",
    "ChildRender",
    "ContentChanged",
    "CourseEvent",
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

_MODULES = {
    **dict.fromkeys(("UserContext", "contribute"), "context"),
    **dict.fromkeys(("current", "user_context"), "contexts"),
    **dict.fromkeys(("emit", "emit_all", "emitted"), "emitting"),
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    # Store the name in the module, because some names are requested for each event.
    globals()[name] = value
    return value
