"""Puts our runtime, blocks and courses into the xblock-sdk's workbench."""

from __future__ import annotations

import logging
from importlib.metadata import EntryPoint, entry_points

from django.apps import AppConfig
from xblock.core import XBlock

from xblock_experiments.settings.openedx_blocks import ARE_INSTALLED

_BLOCKS = "xblock_experiments.blocks"

BLOCK_TYPES = {
    "chapter": f"{_BLOCKS}.chapter:ChapterBlock",
    "course": f"{_BLOCKS}.course:CourseBlock",
    "sequential": f"{_BLOCKS}.sequential:SequentialBlock",
    "split_test": f"{_BLOCKS}.split_test:SplitTestBlock",
    "vertical": f"{_BLOCKS}.vertical:VerticalBlock",
}
"""Open edX has blocks of these names, so they are no entry points of this package (ADR 1)."""

EXTRACTED_TYPES = ("annotatable", "html", "poll_question", "problem", "video", "word_cloud")
"""Blocks of Open edX that are packages of their own, and can run here.

Until the platform drops those that it still has, the packages call theirs `_<type>_extracted`.
"""

STAND_INS = {"html": "xblock_experiments.workbench.hosting.text:TextBlock"}
"""Used only where no package brings the type."""


class WorkbenchConfig(AppConfig):
    """The app that makes the SDK's workbench ours."""

    name = "xblock_experiments.workbench"
    label = "xblock_experiments_workbench"

    def ready(self) -> None:
        register_blocks()
        point_the_sdk_at_us()
        watch_events()


def register_blocks() -> None:
    """For this process only. What a package brings under the very name goes before."""
    installed = {each.name: each.value for each in entry_points(group=XBlock.entry_point)}
    extracted = {name: installed.get(f"_{name}_extracted") for name in EXTRACTED_TYPES}
    found = {name: path for name, path in extracted.items() if path and ARE_INSTALLED}
    optional = {**STAND_INS, **found}
    missing = {name: path for name, path in optional.items() if name not in installed}
    registered = {name for name, _ in XBlock.extra_entry_points}
    for name, path in {**BLOCK_TYPES, **missing}.items():
        if name not in registered:
            entry_point = EntryPoint(name, path, XBlock.entry_point)
            XBlock.extra_entry_points.append((name, entry_point))


def point_the_sdk_at_us() -> None:
    """The one place where names of the SDK are given another meaning."""
    import workbench.runtime
    import workbench.scenarios
    import workbench.views

    from xblock_experiments.workbench.pages.scenarios import get_scenarios
    from xblock_experiments.workbench.requests.runtime import ExperimentsRuntime

    for module in (workbench.runtime, workbench.scenarios, workbench.views):
        vars(module)["WorkbenchRuntime"] = ExperimentsRuntime
    vars(workbench.views)["get_scenarios"] = get_scenarios


def watch_events() -> None:
    from xblock_experiments.events import emitted
    from xblock_experiments.workbench.pages.event_log import log_event
    from xblock_experiments.workbench.pages.events_page import is_worth_a_line

    emitted.connect(log_event)
    logging.getLogger("django.server").addFilter(is_worth_a_line)
