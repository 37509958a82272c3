"""The page that shows events to developers as they are emitted."""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import wraps
from typing import Any, Self

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from workbench.views import get_student_id

from xblock_experiments.settings.common import setting
from xblock_experiments.workbench.courses.registry import registry
from xblock_experiments.workbench.pages.event_log import LoggedEvent, is_enabled, read
from xblock_experiments.workbench.pages.frame import page_context
from xblock_experiments.workbench.pages.refused import refused
from xblock_experiments.workbench.requests.access import is_staff_id

INITIAL_EVENTS = 100
"""The number of events that the page starts with."""
MAX_EVENTS = 200
"""The maximum number of events in one response to an open page."""
_MAX_DETAILS = 20_000
"""The maximum number of characters that are shown of the data, and of the context."""
_MAX_SUMMARY = 200
"""The maximum number of characters of a summary."""


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of the page. An empty filter matches all events."""

    names: tuple[str, ...]
    user: str
    course: str
    text: str

    @classmethod
    def of(cls, query: QueryDict) -> Self:
        user, course, text = (query.get(key, "").strip() for key in ("user", "course", "text"))
        return cls(tuple(query.getlist("name")), user, course, text)

    def match(self, event: LoggedEvent) -> bool:
        return (
            (not self.names or event.name in self.names)
            and _has(event.user_id, self.user)
            and _has(event.course_id, self.course)
            and (not self.text or _has(_text_of(event), self.text))
        )


@dataclass(frozen=True, slots=True)
class Row:
    """An event as the page shows it."""

    name: str
    timestamp: str
    time: str
    course: str
    user: str
    summary: str
    data: str
    context: str

    @classmethod
    def of(cls, event: LoggedEvent) -> Self:
        return cls(
            event.name,
            event.timestamp.isoformat(),
            f"{event.timestamp:%Y-%m-%d %H:%M:%S} UTC",
            event.course_id or "—",
            event.user_id or "—",
            _summary(event.data),
            _pretty(event.data),
            _pretty(event.context),
        )


def for_watchers(view: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Restrict a view to staff, unless the setting EVENTS_FOR_ALL opens it to everybody."""

    @wraps(view)
    def respond(request: HttpRequest) -> HttpResponse:
        may_watch = setting("EVENTS_FOR_ALL") or is_staff_id(get_student_id(request))
        return view(request) if may_watch else refused(request)

    return respond


@require_safe
@never_cache
@for_watchers
def show(request: HttpRequest) -> HttpResponse:
    student_id = request.GET.get("student")
    context = {**page_context(), "is_on": is_enabled(), "student_id": student_id}
    if context["is_on"]:
        try:
            context |= _shown(Filters.of(request.GET))
        except OSError as error:
            context |= {"is_on": False, "flaw": str(error)}
    return render(request, "xblock_experiments/events.html", context)


@require_safe
@never_cache
@for_watchers
def since(request: HttpRequest) -> HttpResponse:
    """Return the events after a position in the log, oldest first. Without one, the last events."""
    filters, place = Filters.of(request.GET), request.GET.get("after", "")
    events: Iterable[LoggedEvent] = ()
    if is_enabled():
        # While the log cannot be read, an open page gets no events, and asks again later.
        with suppress(OSError):
            events, place = _next(place, filters) if place else _newest(filters)[1:]
    rows = [asdict(Row.of(event)) for event in events]
    return JsonResponse({"events": rows, "next": place})


def should_log(record: logging.LogRecord) -> bool:
    """Return whether the server logs the record.

    An open page sends a request each second. Such requests would hide all others in the log.
    """
    return record.levelno > logging.INFO or reverse("events_since") not in record.getMessage()


def _shown(filters: Filters) -> dict[str, Any]:
    """Return the context of the page. Raises OSError if the log cannot be read."""
    names, events, place = _newest(filters)
    return {
        "course_url": _url_of_a_course(),
        "filters": filters,
        "names": sorted({*names, *filters.names}),
        "place": place,
        "rows": [Row.of(event) for event in reversed(events)],
    }


def _newest(filters: Filters) -> tuple[set[str], deque[LoggedEvent], str]:
    """Return the names of all events, the last matching events, and the end of the log."""
    names: set[str] = set()
    wanted: deque[LoggedEvent] = deque(maxlen=INITIAL_EVENTS)
    place = ""
    for event, end in read():
        place = end
        names.add(event.name)
        if filters.match(event):
            wanted.append(event)
    return names, wanted, place


def _next(place: str, filters: Filters) -> tuple[list[LoggedEvent], str]:
    wanted: list[LoggedEvent] = []
    for event, end in read(place):
        place = end
        if filters.match(event):
            wanted.append(event)
        if len(wanted) == MAX_EVENTS:
            break
    return wanted, place


def _url_of_a_course() -> str | None:
    for course in registry.courses():
        return f"{reverse('workbench_show_scenario', args=(course.name,))}?student=student_1"
    return None


def _summary(data: dict[str, Any]) -> str:
    """Return the data in one line, without the ids of the course and the user."""
    texts = (
        f"{key}: {value if isinstance(value, str) else _one_line(value)}"
        for key, value in data.items()
        if key not in ("course_id", "user_id") and value is not None
    )
    return _cut(" · ".join(texts), _MAX_SUMMARY)


def _pretty(value: Any) -> str:
    return _cut(json.dumps(value, ensure_ascii=False, indent=2), _MAX_DETAILS)


def _text_of(event: LoggedEvent) -> str:
    """Return all text of the event that the page can show."""
    data, context = _one_line(event.data), _one_line(event.context)
    return "\n".join([event.name, _summary(event.data), data, context])


def _one_line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]}…"


def _has(text: str, part: str) -> bool:
    return part.casefold() in text.casefold()
