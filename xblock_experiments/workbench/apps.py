"""The Django app that adds our runtime, blocks and courses to the xblock-sdk's workbench."""

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
"""Block types that the workbench registers itself.

They are not entry points of this package, because Open edX has blocks with these names (ADR 1).
"""

EXTRACTED_TYPES = ("annotatable", "html", "poll_question", "problem", "video", "word_cloud")
"""Block types of Open edX that have packages of their own and can run here.

The packages name them `_<type>_extracted` until the platform drops its own versions.
"""

FALLBACKS = {"html": "xblock_experiments.workbench.hosting.text:TextBlock"}
"""Block types that are registered only if no package provides them."""


class WorkbenchConfig(AppConfig):
    """The app that configures the SDK's workbench."""

    name = "xblock_experiments.workbench"
    label = "xblock_experiments_workbench"

    def ready(self) -> None:
        register_blocks()
        replace_sdk_names()
        watch_events()
        log_less()


def register_blocks() -> None:
    """Register the block types, in this process only.

    Skips an optional type if a package has an entry point with exactly its name.
    """
    installed = {each.name: each.value for each in entry_points(group=XBlock.entry_point)}
    extracted = {name: installed.get(f"_{name}_extracted") for name in EXTRACTED_TYPES}
    found = {name: path for name, path in extracted.items() if path and ARE_INSTALLED}
    optional = {**FALLBACKS, **found}
    missing = {name: path for name, path in optional.items() if name not in installed}
    registered = {name for name, _ in XBlock.extra_entry_points}
    for name, path in {**BLOCK_TYPES, **missing}.items():
        if name not in registered:
            entry_point = EntryPoint(name, path, XBlock.entry_point)
            XBlock.extra_entry_points.append((name, entry_point))


def replace_sdk_names() -> None:
    """Replace names in modules of the SDK. No other place does this."""
    import workbench.runtime
    import workbench.runtime_util
    import workbench.scenarios
    import workbench.views

    from xblock_experiments.workbench.pages.scenarios import get_scenarios, init_scenarios
    from xblock_experiments.workbench.requests.runtime import ExperimentsRuntime

    for module in (workbench.runtime, workbench.scenarios, workbench.views):
        vars(module)["WorkbenchRuntime"] = ExperimentsRuntime
    for module in (workbench.runtime_util, workbench.scenarios):
        vars(module)["init_scenarios"] = init_scenarios
    vars(workbench.views)["get_scenarios"] = get_scenarios


def watch_events() -> None:
    from xblock_experiments.events import emitted
    from xblock_experiments.workbench.pages.event_log import is_enabled, log_event

    if is_enabled():
        emitted.connect(log_event)


def log_less() -> None:
    """Leave the requests of pages that ask again and again out of the server's log."""
    from xblock_experiments.workbench.pages import events_page, report_requests

    for page in (events_page, report_requests):
        logging.getLogger("django.server").addFilter(page.should_log)
