"""The workbench's scenarios: those of packages, the courses, and each block of a course."""

from __future__ import annotations

import threading
from typing import Any

from django.conf import settings
from workbench.runtime import WORKBENCH_KVS
from workbench.runtime_util import reset_global_state
from workbench.scenarios import SCENARIOS, Scenario, add_xml_scenario

from workbench import scenarios as sdk
from xblock_experiments.blocks.base.guard import Failed, guarded
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.courses.registry import registry
from xblock_experiments.workbench.hosting import left_out
from xblock_experiments.workbench.hosting.block_types import installed_classes
from xblock_experiments.workbench.storage.serving import serve

_lock = threading.RLock()
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
        of_packages = scenarios_of_packages()
        serve()
    courses = {course.name: _scenario(course, course.usage_id) for course in registry.courses()}
    return Scenarios({**of_packages, **courses})


def scenarios_of_packages() -> dict[str, Any]:
    """Return the scenarios of installed packages, by name."""
    with _lock:
        scenarios = _sdk_get_scenarios()
        return {name: _without_arms(scenario) for name, scenario in scenarios.items()}


def init_scenarios() -> None:
    """Load the scenarios of packages. Replaces the SDK's function of the same name.

    Leaves out scenarios that fail, and the block types that cannot be imported.
    """
    SCENARIOS.clear()
    if settings.WORKBENCH["reset_state_on_restart"]:
        WORKBENCH_KVS.clear()
    else:
        WORKBENCH_KVS.prep_for_scenario_loading()
    left_out.forget_scenarios()
    for block_type, cls in installed_classes():
        _add_scenarios(block_type, cls)


def delete_answers() -> None:
    """Delete the state of all users, and load the scenarios of packages again."""
    with _lock:
        reset_global_state()


def _add_scenarios(block_type: str, cls: Any) -> None:
    try:
        with guarded():
            declared = list(getattr(cls, "workbench_scenarios", list)())
    except Failed as failed:
        left_out.leave_out_scenario(block_type, block_type, failed)
        return
    for number, scenario in enumerate(declared):
        name = f"{block_type}.{number}"
        try:
            with guarded():
                description, xml = scenario
                add_xml_scenario(name, description, xml)
        except Failed as failed:
            left_out.leave_out_scenario(name, block_type, failed)


def _without_arms(scenario: Any) -> Any:
    """Remove the XML of a scenario with arms: the SDK prints it into every learner's page."""
    return scenario._replace(xml="") if "<split_test" in scenario.xml else scenario


def _scenario(course: CourseBlocks, usage_id: Any) -> Any:
    return Scenario(course.title, usage_id, "")
