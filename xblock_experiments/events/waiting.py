"""An event as its row has it: how it gets into the columns, and out of them again.

Who did something stands beside the payload, where it can be found and cleared, and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xblock_experiments.errors import NotSent
from xblock_experiments.events.data import CourseEvent, Event

if TYPE_CHECKING:
    from xblock_experiments.events.models import WaitingEvent

_dumps = json.JSONEncoder(sort_keys=True).encode


def without_actor(event: Event) -> Event:
    """Of what staff did to a course: the same, done by nobody."""
    if isinstance(event, CourseEvent):
        return replace(event, user_id=None)
    return event


def columns(event: Event) -> dict[str, str]:
    """All but the context: that of the event `without_actor`."""
    payload = event.payload()
    is_of_course = isinstance(event, CourseEvent)
    actor = payload.pop("user_id" if is_of_course else "actor", None)
    return {
        "name": event.name,
        "user_id": payload.get("user_id") or "",
        "actor": actor or "",
        "payload": _dumps(payload),
    }


def telling[T](row: WaitingEvent, make: Callable[[Mapping[str, Any]], T]) -> T:
    """What `make` makes of the payload. Raises NotSent where another release's lacks something."""
    try:
        payload = json.loads(row.payload)
        return make({"actor": row.actor, "user_id": row.actor or None, **payload})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        msg = (
            f"Event {row.event_id}, {row.name}, is not as this release keeps it: {error!r}. "
            "Send it with the release that kept it, or drop it."
        )
        raise NotSent(msg) from error
