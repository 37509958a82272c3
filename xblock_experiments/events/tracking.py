"""How an event leaves the process: by event-tracking where it is installed, else as a line of JSON.

Both say the same: `name`, `timestamp`, `data` and `context`.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from xblock_experiments.events.context import UserContext
from xblock_experiments.events.data import Event

log = logging.getLogger("xblock_experiments.events")

# What blocks publish need not be JSON.
_dumps = json.JSONEncoder(sort_keys=True, default=str).encode


class _Beside(Mapping[str, Any]):
    """The context of a user beside what the site says of its request already, which stays.

    Nothing is read until event-tracking asks for it.
    """

    def __init__(self, context: UserContext, of_site: Mapping[str, Any]) -> None:
        self._context = context
        self._of_site = of_site

    def __getitem__(self, key: str) -> Any:
        if key == "course_user_tags":
            return {**self._of_site.get(key, {}), **self._context[key]}
        return self._of_site.get(key) or self._context[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._context)

    def __len__(self) -> int:
        return len(self._context)


def tracker() -> Any:
    """event-tracking's, where the site has set one up; else None.

    Who did has imported the module, so it is not searched for with each event.
    """
    module = sys.modules.get("eventtracking.tracker")
    return module.TRACKERS.get(module.DEFAULT_TRACKER_NAME) if module else None


@contextmanager
def within(context: UserContext) -> Iterator[None]:
    """Meanwhile other packages' events, if they come by event-tracking, have the context too."""
    its = tracker()
    if its is None:
        yield
        return
    of_site: dict[str, Any] = {}
    for other in its.located_context.values():
        of_site.update({} if isinstance(other, _Beside) else other)
    # Each under a name of its own: leaving one would take along another of the same name.
    with its.context(f"xblock_experiments.{id(context)}", _Beside(context, of_site)):
        yield


def send(event: Event, context: UserContext, when: datetime) -> None:
    its = tracker()
    if its is not None:
        with its.context("xblock_experiments", context.content):
            its.emit(event.name, event.payload())
    elif log.isEnabledFor(logging.INFO):
        head = _dumps({"data": event.payload(), "name": event.name, "timestamp": when.isoformat()})
        # Where the user stands is the same for many events, and written once for all.
        log.info('%s, "context": %s}', head[:-1], context.json)
