"""The cost of adding the user's context to an event, in a course of 25 experiments."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from eventtracking.backends.logger import LoggerBackend
from eventtracking.tracker import Tracker

from benchmarks.courses import course_id, experiment
from benchmarks.results import Row, more_than_the_floor
from benchmarks.scale import Scale
from benchmarks.timing import Contender, race
from xblock_experiments import events
from xblock_experiments.course_user_segmentation.api import save_segmentations
from xblock_experiments.experiments.api import assign_groups

COURSE_ID = course_id("events")
IDS = range(100, 125)
LEARNER = "learner-1"
CHILD_RENDER = events.ChildRender(
    course_id=COURSE_ID, user_id=LEARNER, child_id="an arm", usage_id="an experiment"
)
_MICROSECONDS = 1e-6
_log = logging.getLogger("benchmarks.events")


def rows(scale: Scale) -> list[Row]:
    save_segmentations(COURSE_ID, [experiment(id) for id in IDS])
    assign_groups(COURSE_ID, IDS, LEARNER)
    with _known_learner() as context, _platform(context) as tracker:
        seconds = race(
            "an event with its context",
            [
                Contender("ours", lambda _: [CHILD_RENDER] * scale.events, events.emit),
                Contender("theirs", lambda _: [CHILD_RENDER] * scale.events, _track(tracker)),
                Contender("floor", lambda _: [CHILD_RENDER] * scale.events, _without_context),
            ],
            scale.repetitions,
        )
    ours, floor = seconds["ours"], seconds["floor"]
    return [
        Row(
            what="an event with its user's context",
            unit="µs",
            ours=ours,
            theirs=seconds["theirs"],
            floor=floor,
            goals=[more_than_the_floor(20 * _MICROSECONDS, ours, floor)],
        )
    ]


@contextmanager
def _known_learner() -> Iterator[events.UserContext]:
    with events.user_context(COURSE_ID, LEARNER) as context:
        assert len(context["course_user_groups"]) == len(IDS)  # noqa: S101 - of this measurement
        yield context


@contextmanager
def _platform(context: events.UserContext) -> Iterator[Any]:
    """Yield a tracker of event-tracking that has all tags of the user, as on the platform."""
    tracker = Tracker(
        backends={"log": LoggerBackend(name="benchmarks.events", max_event_size=None)}
    )
    tags = {"course_id": COURSE_ID, "course_user_tags": context["course_user_tags"]}
    with tracker.context("user_tags_context", tags):
        yield tracker


def _track(tracker: Any) -> Any:
    def track(event: events.Event) -> None:
        tracker.emit(event.name, event.payload())

    return track


def _without_context(event: events.Event) -> None:
    """Log the same line without the context."""
    now = datetime.now(UTC).isoformat()
    _log.info(json.dumps({"data": event.payload(), "name": event.name, "timestamp": now}))
