"""Who the user of a block is, as its runtime's `user` service tells it."""

from __future__ import annotations

from typing import Any

from xblock_experiments.errors import NotStaff
from xblock_experiments.keys.users import IS_STAFF


def is_staff(block: Any) -> bool:
    """Also False where the block's class does not declare that it wants `user`."""
    if block.service_declaration("user") is None:
        return False
    users = block.runtime.service(block, "user")
    return users is not None and bool(users.get_current_user().opt_attrs.get(IS_STAFF))


def check_staff(block: Any) -> None:
    """Raises NotStaff."""
    if not is_staff(block):
        msg = f"Only staff may do this to {block.scope_ids.usage_id}."
        raise NotStaff(msg)
