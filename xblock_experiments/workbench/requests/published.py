"""Handling of the events that blocks publish, with one function for each kind."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from xblock_experiments import events
from xblock_experiments.blocks.course import SEGMENTATIONS
from xblock_experiments.blocks.split_test import CHILD_RENDER
from xblock_experiments.course_user_segmentation.api import save_segmentations
from xblock_experiments.course_user_segmentation.data import read_user_partitions
from xblock_experiments.errors import NotStaff, RetiredUser
from xblock_experiments.gradebook.api import record_score
from xblock_experiments.gradebook.data import InvalidScore
from xblock_experiments.services.binding import course_id_of

log = logging.getLogger(__name__)

GRADE = "grade"
"""The event that a block publishes when it has graded an answer, as XBlock documents."""


def process(runtime: Any, block: Any, event_type: str, data: Any) -> None:
    """Process an event that a block published. Emits an event of another package unchanged."""
    PROCESSORS.get(event_type, partial(emit_event, event_type))(runtime, block, data)


def publish_segmentations(runtime: Any, block: Any, data: Any) -> None:
    """Publish the course's whole list of segmentations. Raises NotStaff for a learner's block."""
    if runtime.user_id is not None and not runtime.is_staff:
        msg = f"Only staff may publish the segmentations of {block.scope_ids.usage_id}."
        raise NotStaff(msg)
    segmentations, problems = read_user_partitions(data["user_partitions"])
    for problem in problems:
        runtime.error_tracker(problem)
    course_id, actor = course_id_of(runtime, block), runtime.viewer_id or ""
    runtime.served.publish(partial(save_segmentations, course_id, segmentations, actor=actor))


def emit_child_render(runtime: Any, block: Any, data: Any) -> None:
    events.emit(
        events.ChildRender(
            course_id=course_id_of(runtime, block),
            user_id=block.scope_ids.user_id,
            usage_id=str(block.scope_ids.usage_id),
            child_id=data["child_id"],
        )
    )


def process_grade(runtime: Any, block: Any, data: Any) -> None:
    """Record a learner's score, and emit the event. Scores of staff are not recorded."""
    user_id = block.scope_ids.user_id
    if not runtime.is_staff and not runtime.forgets_state and user_id is not None:
        _record_score(course_id_of(runtime, block), block, user_id, data)
    emit_event(GRADE, runtime, block, data)


def emit_event(event_type: str, runtime: Any, block: Any, data: Any) -> None:
    events.emit(
        events.BlockEvent(
            course_id=course_id_of(runtime, block),
            user_id=block.scope_ids.user_id,
            name=event_type,
            data=data,
        )
    )


PROCESSORS: dict[str, Callable[[Any, Any, Any], None]] = {
    SEGMENTATIONS: publish_segmentations,
    CHILD_RENDER: emit_child_render,
    GRADE: process_grade,
}


def _record_score(course_id: str, block: Any, user_id: str, data: Any) -> None:
    usage_id = str(block.scope_ids.usage_id)
    event: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
    points: tuple[Any, Any] = event.get("value"), event.get("max_value")
    if_higher = bool(event.get("only_if_higher"))
    try:
        record_score(course_id, user_id, usage_id, *points, only_if_higher=if_higher)
    except InvalidScore as error:
        log.warning("The score of %s for %s is not stored. %s", usage_id, user_id, error)
    except RetiredUser:
        log.warning("The score of %s for a retired user is not stored.", usage_id)
