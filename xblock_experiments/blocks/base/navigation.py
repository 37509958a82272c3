"""The icons and titles that navigation shows for blocks, and the place of a block that is sought.

Supports other packages' blocks, which need not know about experiments and may fail.
"""

from __future__ import annotations

from typing import Any

from xblock_experiments.blocks.base.guard import result_of

_ICONS_BY_PRECEDENCE = ("problem", "video")
_OTHER = "other"


def icon_of(blocks: list[Any]) -> str:
    """Return one icon for several blocks: problem before video before other."""
    icons = [result_of(block.get_icon_class, _OTHER) for block in blocks]
    return next((icon for icon in _ICONS_BY_PRECEDENCE if icon in icons), _OTHER)


def title_of(block: Any) -> str:
    """Return the block's title in navigation, or "" if it has none."""
    return result_of(lambda: _title_of(block), "")


def content_titles_of(block: Any) -> list[str]:
    """Return the titles of the leaf blocks below the block."""
    return result_of(lambda: _content_titles_of(block), [])


def holds(block: Any, usage_id: str) -> bool:
    """Return whether the block has this usage id, or a block below that the learner is given."""
    if str(block.scope_ids.usage_id) == usage_id:
        return True
    given: list[Any] = result_of(lambda: _given_by(block), [])
    return any(holds(child, usage_id) for child in given)


def _title_of(block: Any) -> str:
    if hasattr(block, "tooltip_title"):
        return str(block.tooltip_title or "")
    return str(getattr(block, "display_name", None) or "")


def _content_titles_of(block: Any) -> list[str]:
    if hasattr(block, "get_content_titles"):
        return list(map(str, block.get_content_titles()))
    title = _title_of(block)
    return [title] if title else []


def _given_by(block: Any) -> list[Any]:
    return list(block.get_child_blocks()) if hasattr(block, "get_child_blocks") else []
