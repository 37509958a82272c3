"""The personal data in the outbox, stored until it is sent."""

from __future__ import annotations

import json
from typing import Any

from django.db import router
from django.db.models import QuerySet

from xblock_experiments import personal_data
from xblock_experiments.events.models import WaitingEvent

_NAMES = ("group_name", "partition_name")
"""The keys withheld from exports, because learners must not see these names."""


def _export(user_id: str) -> dict[str, Any]:
    (rows,) = _owned(user_id)
    events = [
        {
            "sink": row.sink,
            "name": row.name,
            "when": personal_data.moment(row.created),
            "data": _without_names(json.loads(row.payload)),
            "context": json.loads(row.context),
        }
        for row in rows.order_by("pk")
    ]
    return {"waiting_events": events}


def _without_names(payload: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in payload.items() if key not in _NAMES}


def _owned(user_id: str) -> list[QuerySet[WaitingEvent]]:
    return [_rows().filter(user_id=user_id)]


def _acted(user_id: str) -> list[QuerySet[WaitingEvent]]:
    """Return events about other users and courses that this user caused."""
    return [_rows().filter(actor=user_id).exclude(user_id=user_id)]


def _rows() -> QuerySet[WaitingEvent]:
    return WaitingEvent.objects.using(router.db_for_write(WaitingEvent))


STORE = personal_data.Store(export=_export, owned=_owned, acted=_acted)
