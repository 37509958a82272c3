"""Conversion of assignments and exposures to xAPI 1.0.3 statements.

Ids of courses and blocks are the same as in Aspects. The learner is an account whose name is a
keyed hash of the user id. It is the same in all statements, and meaningless without the key.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from xblock_experiments.events.data import ASSIGNED, EXPOSED

VERSION = "1.0.3"
_ADL = "http://adlnet.gov/expapi"
_VERBS = {ASSIGNED: "registered", EXPOSED: "experienced"}
_IN_KEYS = "/:@!$&'()*+,;=~"
"""Characters that keys of courses and blocks contain and URLs allow."""

type Json = dict[str, Any]


def statement(
    name: str,
    payload: Mapping[str, Any],
    context: Mapping[str, Any],
    *,
    event_id: UUID,
    timestamp: datetime,
    lms_root_url: str,
    key: str,
) -> Json:
    """Return the statement of one event. Its id lets the receiver detect duplicates.

    `context` is the user's context at the time. `key` is the key of the learner's hash.
    """
    root = lms_root_url.rstrip("/")
    course = _activity(f"{root}/course/{quote(payload['course_id'], _IN_KEYS)}", "course")
    segmentation = _segmentation(course["id"], payload)
    is_exposure = name == EXPOSED
    activities = {"parent": [course], **({"grouping": [segmentation]} if is_exposure else {})}
    return {
        "id": str(event_id),
        "version": VERSION,
        "timestamp": timestamp.astimezone(UTC).isoformat(),
        "actor": _learner(root, pseudonym(payload["user_id"], key)),
        "verb": _verb(_VERBS[name]),
        "object": _block(root, payload["usage_id"]) if is_exposure else segmentation,
        "context": {
            "contextActivities": activities,
            "extensions": _extensions(root, payload, context),
        },
    }


def pseudonym(user_id: str, key: str) -> str:
    return hmac.new(key.encode(), user_id.encode(), "sha256").hexdigest()


def _learner(root: str, name: str) -> Json:
    return {"objectType": "Agent", "account": {"homePage": root, "name": name}}


def _verb(word: str) -> Json:
    return {"id": f"{_ADL}/verbs/{word}", "display": {"en": word}}


def _activity(id: str, type: str, **definition: Any) -> Json:
    definition["type"] = f"{_ADL}/activities/{type}"
    return {"objectType": "Activity", "id": id, "definition": definition}


def _block(root: str, usage_id: str) -> Json:
    return _activity(f"{root}/xblock/{quote(usage_id, _IN_KEYS)}", "module")


def _segmentation(course_id: str, payload: Mapping[str, Any]) -> Json:
    """Return the segmentation as an activity below its course, because Aspects defines none."""
    type_ = quote(payload.get("partition_type", "experiment"), "")
    id_ = f"{course_id}/{type_}/{payload['partition_id']}"
    return _activity(id_, "module", name={"en": payload["partition_name"]})


def _extensions(root: str, payload: Mapping[str, Any], context: Mapping[str, Any]) -> Json:
    """Return the event's group, and all groups that the learner was in at the time."""
    base = f"{root}/xapi/extensions/experiments"
    return {
        f"{base}/group": {"id": payload["group_id"], "name": payload["group_name"]},
        f"{base}/groups": context["course_user_groups"],
    }
