"""The context of events: the groups and tags of one user in one course (ADR 12).

The first event of a request reads the context. Later events update it, so that an assignment is in
the context of its own event. This module must not import the stores, which are in a higher layer:
each store registers a function that reads its groups or tags.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from django.db import Error

from xblock_experiments.events.data import (
    AssignedUserToPartition,
    CourseEvent,
    Event,
    TagChanged,
    UserExposed,
    UserReassigned,
)
from xblock_experiments.keys.ids import flaw_of
from xblock_experiments.keys.partitions import PARTITION_KEY

type Groups = Mapping[str, Sequence[int]]
"""The ids of a user's groups by segmentation, whose key is `<type>.<segmentation id>`."""
type Tags = Mapping[str, Any]
type Reader[T] = Callable[[str, Sequence[str]], Mapping[str, T]]
"""A function that reads values of many users of a course, by user id, in one query."""

EXPERIMENT = "experiment"
_MOVES = (AssignedUserToPartition, UserExposed, UserReassigned)
_dumps = json.JSONEncoder(sort_keys=True).encode
_log = logging.getLogger("xblock_experiments.events")
_readers: dict[str, Reader[Any]] = {}


def contribute(*, groups: Reader[Groups] | None = None, tags: Reader[Tags] | None = None) -> None:
    """Register how a store reads groups or tags. Its app calls this once, when it is ready."""
    _readers.update({"groups": groups} if groups else {}, **({"tags": tags} if tags else {}))


class UserContext(Mapping[str, Any]):
    """The context of one user, or of an anonymous one, in one course.

    Its keys are `course_id`, `user_id`, `course_user_groups` and `course_user_tags`.
    """

    def __init__(self, course_id: str | None, user_id: str | None) -> None:
        self.course_id = course_id
        self.user_id = user_id
        self._groups: Groups | None = None
        self._tags: dict[str, Any] | None = None
        self._content: dict[str, Any] | None = None
        self._copy: dict[str, Any] | None = None
        self._json: str | None = None

    def is_of(self, event: Event) -> bool:
        """Return whether the event is about this user, in this course or in none."""
        return event.user_id == self.user_id and event.course_id in (self.course_id, None)

    def fill(self, *, groups: Groups | None = None, tags: Tags | None = None) -> None:
        """Set groups or tags that the caller has read, so that they are not read again."""
        self._forget()
        if groups is not None:
            self._groups = dict(groups)
        if tags is not None:
            self._tags = dict(tags)

    def know(self, groups: Groups) -> None:
        """Replace the user's groups in some segmentations, if the groups were read."""
        if self._groups is not None and not groups.items() <= self._groups.items():
            self.fill(groups={**self._groups, **groups})

    def follow(self, event: Event) -> None:
        """Apply the change that the event describes."""
        if isinstance(event, CourseEvent) and event.course_id == self.course_id:
            # The event does not say which users it moved.
            self._groups = None
            self._forget()
        elif not self.is_of(event):
            return
        elif isinstance(event, _MOVES) and self._groups is not None:
            groups = _after_move(self._groups, event)
            # Events that change nothing share the content, its copy and its JSON.
            if groups is not self._groups:
                self._groups = groups
                self._forget()
        elif isinstance(event, TagChanged) and event.course_id and self._tags is not None:
            rest = {key: value for key, value in self._tags.items() if key != event.key}
            told = {} if event.deleted or event.value is None else {event.key: event.value}
            self.fill(tags={**rest, **told})

    def lacks(self, what: str) -> bool:
        """Return whether `groups` or `tags` are still to be read."""
        return (self._groups if what == "groups" else self._tags) is None

    @property
    def is_known(self) -> bool:
        return not self.lacks("groups") and not self.lacks("tags")

    @property
    def content(self) -> dict[str, Any]:
        """The context as a dictionary. Callers must not change it."""
        if self._content is None:
            if not self.is_known:
                read([self])
            groups = self._groups or {}
            self._content = {
                "course_id": self.course_id,
                "user_id": self.user_id,
                "course_user_groups": groups,
                "course_user_tags": {**_partition_tags(groups), **(self._tags or {})},
            }
        return self._content

    @property
    def copy(self) -> dict[str, Any]:
        """A copy of the context for receivers, which may change it."""
        if self._copy is None:
            content = self.content
            groups, tags = content["course_user_groups"], content["course_user_tags"]
            self._copy = {
                **content,
                "course_user_groups": {key: list(ids) for key, ids in groups.items()},
                # Only tags in EVENT_TAGS can have mutable values, and deepcopy is slow.
                "course_user_tags": deepcopy(tags) if self._tags else dict(tags),
            }
        return self._copy

    @property
    def json(self) -> str:
        if self._json is None:
            self._json = _dumps(self.content)
        return self._json

    def _forget(self) -> None:
        """Drop the content; the next access creates it again."""
        self._content = self._copy = self._json = None

    def __getitem__(self, key: str) -> Any:
        return self.content[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.content)

    def __len__(self) -> int:
        return len(self.content)


def read(contexts: Iterable[UserContext]) -> None:
    """Read contexts in one query of each store for each course.

    If the database fails, the groups or tags that could not be read are set to empty and are not
    read again.
    """
    courses: dict[str, list[UserContext]] = {}
    for context in contexts:
        if context.is_known:
            continue
        if flaw_of(context.course_id) or flaw_of(context.user_id):
            # No user, no course, or an id that cannot be stored.
            context.fill(groups={}, tags={})
        else:
            courses.setdefault(str(context.course_id), []).append(context)
    for course_id, unknown in courses.items():
        _read(course_id, unknown)


def _read(course_id: str, contexts: Sequence[UserContext]) -> None:
    groups, tags = (
        _ask(what, course_id, [str(each.user_id) for each in contexts if each.lacks(what)])
        for what in ("groups", "tags")
    )
    for context in contexts:
        user_id = str(context.user_id)
        context.fill(
            groups=groups.get(user_id, {}) if context.lacks("groups") else None,
            tags=tags.get(user_id, {}) if context.lacks("tags") else None,
        )


def _ask(what: str, course_id: str, user_ids: Sequence[str]) -> Mapping[str, Any]:
    if not user_ids or what not in _readers:
        return {}
    try:
        return _readers[what](course_id, user_ids)
    except Error:
        _log.exception("Cannot read the %s of users in course %s.", what, course_id)
        return {}


def _after_move(
    groups: Groups, event: AssignedUserToPartition | UserExposed | UserReassigned
) -> Groups:
    type_ = EXPERIMENT if isinstance(event, UserExposed) else event.partition_type
    key = f"{type_}.{event.partition_id}"
    before = groups.get(key, ())
    if isinstance(event, UserReassigned):
        after = [id for id in before if id != event.from_group_id]
    elif type_ == EXPERIMENT:
        after = [event.group_id]
    else:
        after = sorted({*before, event.group_id})
    if after == before:
        return groups
    if after:
        return {**groups, key: after}
    return {other: ids for other, ids in groups.items() if other != key}


def _partition_tags(groups: Groups) -> dict[str, str]:
    """Return the groups of experiments as the platform's tags."""
    tags = {}
    for key, ids in groups.items():
        type_, _, number = key.rpartition(".")
        if type_ == EXPERIMENT and ids:
            tags[f"{PARTITION_KEY}{number}"] = str(ids[0])
    return tags
