"""Changes to what learners are given: saved only if their author confirms them, and recorded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from xblock_experiments.blocks.base.revision import revision_of
from xblock_experiments.errors import ExperimentsError
from xblock_experiments.experiments.api import record_content_changes
from xblock_experiments.experiments.data import ContentChange
from xblock_experiments.services.binding import course_id_of


class Unconfirmed(ExperimentsError):
    """Raised if saving would change what learners are given, unconfirmed. Nothing was changed."""

    def __init__(self, changes: Sequence[ContentChange]) -> None:
        """Take the changes that saving would make."""
        titles = ", ".join(sorted({change.title for change in changes}))
        super().__init__(
            f"Saving changes the content that learners get in {titles}. "
            f"Send the request again with what it will do as `confirm`."
        )
        self.changes = changes

    @property
    def token(self) -> str:
        """The value of `confirm` that agrees to these changes, whoever joins in the meantime."""
        return revision_of(
            [(each.kind, each.usage_id, each.group_id, each.old, each.new) for each in self.changes]
        )


def check_confirmed(changes: Sequence[ContentChange], request: Any) -> None:
    """Raise Unconfirmed if there are changes that the request does not agree to."""
    if changes:
        unconfirmed = Unconfirmed(changes)
        if _confirmation_in(request) != unconfirmed.token:
            raise unconfirmed


def record_changes(runtime: Any, block: Any, changes: Sequence[ContentChange]) -> None:
    """Record the changes in the transaction in which the course is saved."""
    if changes:
        course_id, actor = course_id_of(runtime, block), runtime.viewer_id or ""
        record = partial(record_content_changes, course_id, changes, actor=actor)
        runtime.served.publish(record)


def _confirmation_in(request: Any) -> Any:
    """Return `confirm` of the JSON object in the request's body, or None."""
    try:
        sent = json.loads(request.body)
    except (RecursionError, ValueError):
        return None
    return sent.get("confirm") if isinstance(sent, dict) else None
