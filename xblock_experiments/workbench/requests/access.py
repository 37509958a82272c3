"""Access checks of requests: which users are staff, and which blocks a user may open."""

from __future__ import annotations

from typing import Any

from xblock_experiments.blocks.base.structure import Structure, ancestors
from xblock_experiments.settings.common import setting


def is_staff_id(user_id: str | None) -> bool:
    """Return whether the setting STAFF lists the user."""
    return user_id in setting("STAFF")


def may_open(block: Any, *, is_staff: bool) -> bool:
    """Return whether the block's user is given the block by each of its ancestors."""
    if is_staff:
        return True
    child = block
    for parent in ancestors(block):
        if isinstance(parent, Structure) and parent.has_dynamic_children():
            given = (each.scope_ids.usage_id for each in parent.get_child_blocks())
            if child.scope_ids.usage_id not in given:
                return False
        child = parent
    return True
