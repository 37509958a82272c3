"""What tells two editors of one block apart: the later one must not overwrite what it never saw."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop
from xblock.exceptions import JsonHandlerError

OVERTAKEN = gettext_noop(
    "This changed since you opened it, so nothing was saved. "
    "Copy your changes, then reload the page."
)


def revision_of(*values: Any) -> str:
    """Equal for equal values, whoever asks."""
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def arm_revision(child: Any) -> str:
    """Of what stands in an arm, so that nobody deletes what another author has just put there."""
    return revision_of(child.scope_ids.usage_id, getattr(child, "children", []))


def check_revision(block: Any, sent: Mapping[str, Any], present: str) -> None:
    """Raises JsonHandlerError where a form was sent that was opened before the last change.

    Studio's own form sends no revision, and is let through.
    """
    if sent.get("revision", present) != present:
        raise JsonHandlerError(409, block.gettext(OVERTAKEN))
