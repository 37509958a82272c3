"""Access to a block's user, through the runtime's `user` service."""

from __future__ import annotations

from typing import Any

from xblock_experiments.errors import NotStaff
from xblock_experiments.keys.users import IS_STAFF


def is_staff(block: Any) -> bool:
    """Return whether the user is staff. False if the block does not declare the service `user`."""
    if block.service_declaration("user") is None:
        return False
    users = block.runtime.service(block, "user")
    return users is not None and bool(users.get_current_user().opt_attrs.get(IS_STAFF))


def check_staff(block: Any) -> None:
    """Raise NotStaff if the block's user is not staff."""
    if not is_staff(block):
        msg = f"Only staff may do this to {block.scope_ids.usage_id}."
        raise NotStaff(msg)
