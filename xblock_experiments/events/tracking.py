"""The output of events, through event-tracking if installed, else as lines of JSON in a log.

Both contain `name`, `timestamp`, `data` and `context`.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import Any

from xblock_experiments.events.context import UserContext
from xblock_experiments.events.data import Event

log = logging.getLogger("xblock_experiments.events")

# Values that blocks publish need not be JSON.
_dumps = json.JSONEncoder(check_circular=False, default=str).encode
_name = lru_cache(_dumps)
_PLACE = "\0"
"""Stands for the message while the rest of a record is formatted."""


class _Beside(Mapping[str, Any]):
    """The user's context added to the site's own context, which takes precedence.

    Reads nothing until event-tracking requests a value.
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
    """Return event-tracking's tracker if the site has set one up, else None.

    A site that set up a tracker has imported the module, so this need not import it for each event.
    """
    module = sys.modules.get("eventtracking.tracker")
    return module.TRACKERS.get(module.DEFAULT_TRACKER_NAME) if module else None


@contextmanager
def within(context: UserContext) -> Iterator[None]:
    """Add the context to other packages' events that pass through event-tracking."""
    its = tracker()
    if its is None:
        yield
        return
    of_site: dict[str, Any] = {}
    for other in its.located_context.values():
        of_site.update({} if isinstance(other, _Beside) else other)
    # Use a unique name for each, because leaving a context removes others of the same name.
    with its.context(f"xblock_experiments.{id(context)}", _Beside(context, of_site)):
        yield


def send(events: Sequence[tuple[Event, UserContext]], when: datetime) -> None:
    """Send events, each with the context of its user, in their order."""
    its = tracker()
    if its is not None:
        for event, context in events:
            with its.context("xblock_experiments", context.content):
                its.emit(event.name, event.payload())
    elif log.isEnabledFor(logging.INFO):
        timestamp = when.isoformat()
        _write("\n".join([_line(event, context, timestamp) for event, context in events]))


def _line(event: Event, context: UserContext, timestamp: str) -> str:
    """Return the event as JSON. The context's JSON is shared by all events that have the same."""
    data = _dumps(event.payload())
    head = f'"name": {_name(event.name)}, "timestamp": "{timestamp}", "data": {data}'
    return f'{{{head}, "context": {context.json}}}'


def _write(lines: str) -> None:
    """Log all lines in one record, without searching for the caller, which is always this one.

    A record for each line would take longer than everything else that an event needs.
    """
    log.handle(log.makeRecord(log.name, logging.INFO, __file__, 0, lines, (), None, "send"))


class LineFormatter(logging.Formatter):
    """A formatter that begins each line of a record with what the format has before the message."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        lines = record.message
        record.message = _PLACE
        head, tail = super().formatMessage(record).split(_PLACE)
        # A page's lines can be a hundred kilobytes, so they are copied rarely.
        return "".join((head, lines.replace("\n", f"{tail}\n{head}"), tail))
