"""The icons and titles that navigation shows for blocks, and the place of a block that is sought.

Supports other packages' blocks, which need not know about experiments.
"""

from __future__ import annotations

from typing import Any

_ICONS_BY_PRECEDENCE = ("problem", "video")


def icon_of(blocks: list[Any]) -> str:
    """Return one icon for several blocks: problem before video before other."""
    icons = {block.get_icon_class() for block in blocks}
    return next((icon for icon in _ICONS_BY_PRECEDENCE if icon in icons), "other")


def title_of(block: Any) -> str:
    """Return the block's title in navigation, or "" if it has none."""
    if hasattr(block, "tooltip_title"):
        return block.tooltip_title or ""
    return getattr(block, "display_name", None) or ""


def content_titles_of(block: Any) -> list[str]:
    """Return the titles of the leaf blocks below the block."""
    if hasattr(block, "get_content_titles"):
        return list(block.get_content_titles())
    title = title_of(block)
    return [title] if title else []


def holds(block: Any, usage_id: str) -> bool:
    """Return whether the block has this usage id, or a block below that the learner is given."""
    if str(block.scope_ids.usage_id) == usage_id:
        return True
    given = block.get_child_blocks() if hasattr(block, "get_child_blocks") else []
    return any(holds(child, usage_id) for child in given)
