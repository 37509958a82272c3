"""The receiver of Open edX's retirement signal, which deletes the user's data."""

from __future__ import annotations

from typing import Any

from xblock_experiments.user_tags.personal_data import retire_user


def retire(user: Any, **_: Any) -> None:
    """Retire the user. If this raises, the platform retires the user again later."""
    retire_user(str(user.pk))
