"""The workbench's scenarios: those of the SDK, the courses, and each block of a course."""

from __future__ import annotations

import threading
from typing import Any

from workbench.scenarios import Scenario

from workbench import scenarios as sdk
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.courses.registry import registry
from xblock_experiments.workbench.storage.serving import serve

_lock = threading.Lock()
_sdk_get_scenarios = sdk.get_scenarios


class Scenarios(dict[str, Any]):
    """Lists courses, and finds each of their blocks as `<course's name>.<url_name>`."""

    def __missing__(self, scenario_id: str) -> Any:
        name, _, address = scenario_id.partition(".")
        course = registry.named(name)
        usage_id = course.find(address) if course else None
        if course is None or usage_id is None:
            raise KeyError(scenario_id)
        return _scenario(course, usage_id)


def get_scenarios() -> dict[str, Any]:
    """Return all scenarios. Replaces the SDK's function of the same name.

    Loads new courses, in one thread at a time.
    """
    with _lock:
        scenarios = _sdk_get_scenarios()
        serve()
    scenarios = {name: _without_arms(scenario) for name, scenario in scenarios.items()}
    courses = {course.name: _scenario(course, course.usage_id) for course in registry.courses()}
    return Scenarios({**scenarios, **courses})


def _without_arms(scenario: Any) -> Any:
    """Remove the XML of a scenario with arms: the SDK prints it into every learner's page."""
    return scenario._replace(xml="") if "<split_test" in scenario.xml else scenario


def _scenario(course: CourseBlocks, usage_id: Any) -> Any:
    return Scenario(course.title, usage_id, "")
