"""The workbench's list of scenarios: the SDK's, and each course with each of its blocks."""

from __future__ import annotations

import threading
from typing import Any

from workbench.scenarios import Scenario

from workbench import scenarios as sdk
from xblock_experiments.workbench.course import CourseBlocks
from xblock_experiments.workbench.registry import registry
from xblock_experiments.workbench.serving import serve

_lock = threading.Lock()
_sdk_get_scenarios = sdk.get_scenarios


class Scenarios(dict[str, Any]):
    """Lists courses, and finds in them any block, as `<course's name>.<url_name>`."""

    def __missing__(self, scenario_id: str) -> Any:
        name, _, url_name = scenario_id.partition(".")
        course = registry.named(name)
        if course is None or not url_name or not course.has(url_name):
            raise KeyError(scenario_id)
        return _scenario(course, course.find(url_name))


def get_scenarios() -> dict[str, Any]:
    """In place of the SDK's function of the name. Its first call reads everything in, alone."""
    with _lock:
        scenarios = _sdk_get_scenarios()
        serve()
    courses = {course.name: _scenario(course, course.usage_id) for course in registry.courses()}
    return Scenarios({**scenarios, **courses})


def _scenario(course: CourseBlocks, usage_id: Any) -> Any:
    """Without its XML: the SDK prints that into every learner's page, all arms of it."""
    return Scenario(course.title, usage_id, "")
