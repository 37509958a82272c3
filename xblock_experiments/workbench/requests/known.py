"""The users whom the workbench knows. It has no accounts: a user is who has left something."""

from __future__ import annotations

from workbench.models import XBlockState

from xblock_experiments import personal_data
from xblock_experiments.workbench.requests.access import is_staff_id


def is_known(user_id: str) -> bool:
    """Return whether anything is stored about the user, or the setting STAFF lists the user."""
    has_state = XBlockState.objects.filter(user_id=user_id).exists
    return is_staff_id(user_id) or personal_data.has_any(user_id) or has_state()
