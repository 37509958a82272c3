"""One user's tags, read once per request and shared by all blocks (ADR 8)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

from xblock_experiments import events
from xblock_experiments.errors import RetiredUser
from xblock_experiments.keys.scope import COURSE, GLOBAL, Scope
from xblock_experiments.services.binding import Binding
from xblock_experiments.services.once import once
from xblock_experiments.services.preview import AsGroup, preview_of
from xblock_experiments.user_tags import api as user_tags
from xblock_experiments.user_tags.checks import conflict_error, counted
from xblock_experiments.user_tags.data import (
    ANY,
    NULL,
    Conflict,
    Expectation,
    NoUser,
    Storable,
    dump_value,
)


class Tags:
    """The tags of one user, in one course and global, by full key. Lives as long as its runtime.

    The tags are read when a block first requests one. Afterwards they change only through writes
    made here, and are read again if a write conflicts with another process. Values are passed as
    JSON texts, so that no block can modify a value that another block receives. Threads can share
    them: if two threads write at the same time, the tags are read again.
    """

    def __init__(self, user_id: str, course_id: str) -> None:
        self._user_id = user_id
        self._course_id = course_id
        self._written: dict[tuple[Scope, str], str | None] = {}
        """The texts written here by scope and key, with None for a deleted tag."""
        self._writes = 0
        """The number of beginnings and ends of writes."""
        self.lock = RLock()

    def get(self, scope: Scope, key: str) -> str | None:
        with self.lock:
            if (scope, key) in self._written:
                return self._written[scope, key]
            return self._stored[scope].get(key)

    def all(self, scope: Scope) -> dict[str, str]:
        with self.lock:
            written = {key: text for (where, key), text in self._written.items() if where is scope}
            texts = {**self._stored[scope], **written}
        return {key: text for key, text in texts.items() if text is not None}

    def set(
        self, scope: Scope, key: str, value: Storable, expected: Storable | Expectation
    ) -> None:
        """Store a value. Raises InvalidTag or Conflict."""
        place = self._user_id, self._course_of(scope), key
        with self._writing() as written:
            user_tags.set_tag(*place, value, expected=expected)
            written[scope, key] = dump_value(value)

    def increment(self, scope: Scope, key: str, by: int) -> int:
        """Add to a counter and return its new value. Raises InvalidTag."""
        with self._writing() as written:
            after = user_tags.increment_tag(self._user_id, self._course_of(scope), key, by)
            written[scope, key] = dump_value(after)
        return after

    def delete(self, scope: Scope, key: str) -> bool:
        with self._writing() as written:
            is_gone = user_tags.delete_tag(self._user_id, self._course_of(scope), key)
            written[scope, key] = None
        return is_gone

    @contextmanager
    def _writing(self) -> Iterator[dict[tuple[Scope, str], str | None]]:
        """Remember the texts that a write puts into this dictionary.

        The lock is free while the database writes, because writers in the database can wait for
        each other. If another thread has begun or ended a write in the meantime, it is unknown
        which of the two came last, so the tags are read again. They are also read again after a
        Conflict. Raises NoUser for a retired user.
        """
        with self.lock:
            self._writes += 1
            writes_before = self._writes
        written: dict[tuple[Scope, str], str | None] = {}
        try:
            yield written
        except RetiredUser as error:
            self._forget()
            msg = "Nothing is stored: the user is retired, and so is nobody."
            raise NoUser(msg) from error
        except Conflict:
            self._forget()
            raise
        with self.lock:
            if self._writes == writes_before:
                self._written |= written
            else:
                self._forget()
            self._writes += 1

    @once
    def _stored(self) -> dict[Scope, dict[str, str]]:
        in_course, everywhere = user_tags.read_texts(self._user_id, self._course_id)
        context = events.current()
        if context is not None and self._is_awaited_by(context):
            context.fill(tags=user_tags.tags_for_events(in_course))
        return {COURSE: in_course, GLOBAL: everywhere}

    def _is_awaited_by(self, context: events.UserContext) -> bool:
        """Return whether the request's events would otherwise read the tags again."""
        is_ours = (context.user_id, context.course_id) == (self._user_id, self._course_id)
        return is_ours and context.lacks("tags")

    def _course_of(self, scope: Scope) -> str | None:
        return None if scope is GLOBAL else self._course_id

    def _forget(self) -> None:
        with self.lock:
            self._written.clear()
            vars(self).pop("_stored", None)


class PreviewTags(Tags):
    """A previewed user's tags. Writes are visible to the preview only, and are never stored."""

    def set(
        self, scope: Scope, key: str, value: Storable, expected: Storable | Expectation
    ) -> None:
        text = dump_value(value)
        with self.lock:
            if expected is not ANY and dump_value(expected) != (self.get(scope, key) or NULL):
                raise conflict_error(key)
            self._written[scope, key] = text

    def increment(self, scope: Scope, key: str, by: int) -> int:
        with self.lock:
            after = counted(self.get(scope, key), key, by)
            self._written[scope, key] = dump_value(after)
        return after

    def delete(self, scope: Scope, key: str) -> bool:
        with self.lock:
            was_there = self.get(scope, key) is not None
            self._written[scope, key] = None
        return was_there


class NewcomerTags(PreviewTags):
    """The tags of a new user, who has none."""

    @once
    def _stored(self) -> dict[Scope, dict[str, str]]:
        return {COURSE: {}, GLOBAL: {}}


def tags_of(runtime: Any, bound: Binding) -> Tags | None:
    """Return the tags shared by the runtime's blocks with this user and course.

    Returns None for an anonymous user. Callers must not store the result: a runtime may construct
    a block first and switch to a preview for authors later.
    """
    if bound.user_id is None:
        return None
    shared: dict[tuple[type[Tags], str, str], Tags]
    shared = vars(runtime).setdefault("_xblock_experiments_tags", {})
    kind = _kind_for(runtime)
    place = kind, bound.user_id, bound.course_id
    if place not in shared:
        # Another thread may have been first.
        shared.setdefault(place, kind(bound.user_id, bound.course_id))
    return shared[place]


def _kind_for(runtime: Any) -> type[Tags]:
    preview = preview_of(runtime)
    if isinstance(preview, AsGroup):
        return NewcomerTags
    # Runtimes that render authors' previews discard state in the same way.
    forgets = preview is not None or getattr(runtime, "forgets_state", False)
    return PreviewTags if forgets else Tags
