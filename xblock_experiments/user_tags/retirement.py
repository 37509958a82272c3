"""Where Open edX retires a user, all that is stored of the user here goes too."""

from __future__ import annotations

from typing import Any

from xblock_experiments.user_tags.personal_data import retire_user


def retire(user: Any, **_: Any) -> None:
    """Receives the platform's signal. Raises what `retire_user` does: it is retired again then."""
    retire_user(str(user.pk))
