"""Conversion between events and the columns of their rows.

The user who caused an event is stored in a separate column only, where it can be found and cleared.
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
    """Return the event without the staff user, if it is a change to a course."""
    if isinstance(event, CourseEvent):
        return replace(event, user_id=None)
    return event


def columns(event: Event) -> dict[str, str]:
    """Return all columns except the context, which is that of the event `without_actor`."""
    payload = event.payload()
    is_of_course = isinstance(event, CourseEvent)
    actor = payload.pop("user_id" if is_of_course else "actor", None)
    return {
        "name": event.name,
        "user_id": payload.get("user_id") or "",
        "actor": actor or "",
        "payload": _dumps(payload),
    }


def convert_payload[T](row: WaitingEvent, make: Callable[[Mapping[str, Any]], T]) -> T:
    """Apply `make` to the payload. Raises NotSent if another release stored a different payload."""
    try:
        payload = json.loads(row.payload)
        return make({"actor": row.actor, "user_id": row.actor or None, **payload})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        msg = (
            f"Event {row.event_id}, {row.name}, is not in the format of this release: {error!r}. "
            "Send it with the release that stored it, or drop it."
        )
        raise NotSent(msg) from error
