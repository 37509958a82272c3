"""Revisions of edited values, which keep an author from overwriting another author's changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop
from xblock.exceptions import JsonHandlerError

CHANGED_SINCE = gettext_noop(
    "This changed since you opened it, so nothing was saved. "
    "Copy your changes, then reload the page."
)


def revision_of(*values: Any) -> str:
    """Return a short hash, which is the same for equal values in every process."""
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def arm_revision(child: Any) -> str:
    """Return the revision of an arm's content, so that no author deletes another's new content."""
    return revision_of(child.scope_ids.usage_id, getattr(child, "children", []))


def check_revision(block: Any, sent: Mapping[str, Any], present: str) -> None:
    """Raise JsonHandlerError if the form was opened before the last change.

    Forms without a revision, such as Studio's own, are accepted.
    """
    if sent.get("revision", present) != present:
        raise JsonHandlerError(409, block.gettext(CHANGED_SINCE))
