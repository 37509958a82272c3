"""Puts our runtime, blocks and courses into the xblock-sdk's workbench."""

from __future__ import annotations

from importlib.metadata import EntryPoint

from django.apps import AppConfig
from xblock.core import XBlock
from xblock.plugin import PLUGIN_CACHE, PluginMissingError

_BLOCKS = "xblock_experiments.blocks"

BLOCK_TYPES = {
    "chapter": f"{_BLOCKS}.chapter:ChapterBlock",
    "course": f"{_BLOCKS}.course:CourseBlock",
    "sequential": f"{_BLOCKS}.sequential:SequentialBlock",
    "split_test": f"{_BLOCKS}.split_test:SplitTestBlock",
    "vertical": f"{_BLOCKS}.vertical:VerticalBlock",
}
"""Open edX has blocks of these names, so they are no entry points of this package (ADR 1)."""

STAND_INS = {"html": "xblock_experiments.workbench.text:TextBlock"}
"""Used only where no package brings the type."""


class WorkbenchConfig(AppConfig):
    """The app that makes the SDK's workbench ours."""

    name = "xblock_experiments.workbench"
    label = "xblock_experiments_workbench"

    def ready(self) -> None:
        register_blocks()
        point_the_sdk_at_us()


def register_blocks() -> None:
    """For this process only."""
    registered = {name for name, _ in XBlock.extra_entry_points}
    stand_ins = {name: path for name, path in STAND_INS.items() if not _is_installed(name)}
    for name, path in {**BLOCK_TYPES, **stand_ins}.items():
        if name not in registered:
            entry_point = EntryPoint(name, path, XBlock.entry_point)
            XBlock.extra_entry_points.append((name, entry_point))


def point_the_sdk_at_us() -> None:
    """The one place where names of the SDK are given another meaning."""
    import workbench.runtime
    import workbench.scenarios
    import workbench.views

    from xblock_experiments.workbench.runtime import ExperimentsRuntime
    from xblock_experiments.workbench.scenarios import get_scenarios

    for module in (workbench.runtime, workbench.scenarios, workbench.views):
        vars(module)["WorkbenchRuntime"] = ExperimentsRuntime
    vars(workbench.views)["get_scenarios"] = get_scenarios


def _is_installed(block_type: str) -> bool:
    try:
        XBlock.load_class(block_type)
    except PluginMissingError:
        PLUGIN_CACHE.pop((XBlock.entry_point, block_type), None)
        return False
    return True
