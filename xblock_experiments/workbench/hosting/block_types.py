"""The block types of installed packages, of which some cannot be imported."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Any

from xblock.core import XBlock
from xblock.plugin import PluginMissingError

from xblock_experiments.blocks.base.guard import Failed, guarded
from xblock_experiments.workbench.hosting import left_out
from xblock_experiments.workbench.hosting.placeholder import (
    NOT_INSTALLED,
    NOT_USABLE,
    PlaceholderBlock,
)


def block_class(block_type: str) -> Any:
    """Return the class of a block type, or the placeholder's if it cannot be used."""
    if left_out.is_left_out(block_type):
        return PlaceholderBlock
    try:
        with guarded(PluginMissingError):
            return XBlock.load_class(block_type)
    except PluginMissingError:
        return PlaceholderBlock
    except Failed as failed:
        left_out.leave_out_type(block_type, failed)
        return PlaceholderBlock


def reason_of(block_type: str) -> str:
    """Return why a block of this type is shown as a placeholder."""
    return NOT_USABLE if left_out.is_left_out(block_type) else NOT_INSTALLED


def installed_classes() -> Iterator[tuple[str, Any]]:
    """Yield the usable block types with their classes, by name."""
    installed = {each.name for each in entry_points(group=XBlock.entry_point)}
    for name in sorted(installed | {name for name, _ in XBlock.extra_entry_points}):
        cls = block_class(name)
        if cls is not PlaceholderBlock:
            yield name, cls
