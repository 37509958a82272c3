"""Every event: its name, its frozen payload, and one way to emit it.

An event says what happened. The names and payload keys of the platform's two are the platform's;
ours add to them.
"""

from __future__ import annotations

import dataclasses
import json
import logging
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from django.db import transaction

log = logging.getLogger("xblock_experiments.events")

_dumps = json.JSONEncoder(sort_keys=True).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to one user of one course."""

    name: ClassVar[str]

    course_id: str
    user_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignedUserToPartition(Event):
    """A user was given a group of an experiment, or another one because it was removed."""

    name = "xmodule.partitions.assigned_user_to_partition"

    partition_id: int
    partition_name: str
    group_id: int
    group_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildRender(Event):
    """A learner's browser has loaded the learner's arm. Once for each time, not once for all."""

    name = "xblock.split_test.child_render"

    child_id: str
    usage_id: str


def emit(event: Event, *, using: str | None = None) -> None:
    """Write the event down as one JSON line, when what it tells of is committed.

    `using` is the database where that is, if it is not the default one.
    """
    transaction.on_commit(partial(_log, event), using=using)


def _log(event: Event) -> None:
    payload = {field.name: getattr(event, field.name) for field in dataclasses.fields(event)}
    log.info(_dumps({"name": event.name, **payload}))
