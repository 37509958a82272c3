"""One user's tags, read once per request and shared by all blocks (ADR 8)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from xblock_experiments import events
from xblock_experiments.services.binding import Binding
from xblock_experiments.services.preview import AsGroup, preview_of
from xblock_experiments.services.scope import COURSE, GLOBAL, Scope
from xblock_experiments.user_tags import api as user_tags
from xblock_experiments.user_tags.checks import check_amount, conflict_error, not_countable_error
from xblock_experiments.user_tags.data import (
    ANY,
    JSON,
    MAX_DIGITS,
    NULL,
    Conflict,
    Expectation,
    dump_value,
    load_value,
)


class Tags:
    """The tags of one user, in one course and global, by full key. Lives as long as its runtime.

    The tags are read when a block first requests one. Afterwards they change only through writes
    made here, and are read again if a write conflicts with another process. Values are passed as
    JSON texts, so that no block can modify a value that another block receives.
    """

    def __init__(self, user_id: str, course_id: str) -> None:
        self._user_id = user_id
        self._course_id = course_id
        self._written: dict[tuple[Scope, str], str | None] = {}
        """The texts written here by scope and key, with None for a deleted tag."""

    def get(self, scope: Scope, key: str) -> str | None:
        if (scope, key) in self._written:
            return self._written[scope, key]
        return self._stored[scope].get(key)

    def all(self, scope: Scope) -> dict[str, str]:
        written = {key: text for (where, key), text in self._written.items() if where is scope}
        texts = {**self._stored[scope], **written}
        return {key: text for key, text in texts.items() if text is not None}

    def set(self, scope: Scope, key: str, value: JSON, expected: JSON | Expectation) -> None:
        """Store a value. Raises InvalidTag or Conflict."""
        place = self._user_id, self._course_of(scope), key
        try:
            user_tags.set_tag(*place, value, expected=expected)
        except Conflict:
            self._forget()
            raise
        self._written[scope, key] = dump_value(value)

    def increment(self, scope: Scope, key: str, by: int) -> int:
        """Add to a counter and return its new value. Raises InvalidTag."""
        counted = user_tags.increment_tag(self._user_id, self._course_of(scope), key, by)
        self._written[scope, key] = dump_value(counted)
        return counted

    def delete(self, scope: Scope, key: str) -> bool:
        is_gone = user_tags.delete_tag(self._user_id, self._course_of(scope), key)
        self._written[scope, key] = None
        return is_gone

    @cached_property
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
        self._written.clear()
        vars(self).pop("_stored", None)


class PreviewTags(Tags):
    """A previewed user's tags. Writes are visible to the preview only, and are never stored."""

    def set(self, scope: Scope, key: str, value: JSON, expected: JSON | Expectation) -> None:
        text = dump_value(value)
        if expected is not ANY and dump_value(expected) != (self.get(scope, key) or NULL):
            raise conflict_error(key)
        self._written[scope, key] = text

    def increment(self, scope: Scope, key: str, by: int) -> int:
        check_amount(by)
        before = load_value(self.get(scope, key) or "0")
        if type(before) is not int or max(abs(before), abs(before + by)) >= 10**MAX_DIGITS:
            raise not_countable_error(key, by)
        self._written[scope, key] = dump_value(before + by)
        return before + by

    def delete(self, scope: Scope, key: str) -> bool:
        was_there = self.get(scope, key) is not None
        self._written[scope, key] = None
        return was_there


class NewcomerTags(PreviewTags):
    """The tags of a new user, who has none."""

    @cached_property
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
        shared[place] = kind(bound.user_id, bound.course_id)
    return shared[place]


def _kind_for(runtime: Any) -> type[Tags]:
    preview = preview_of(runtime)
    if isinstance(preview, AsGroup):
        return NewcomerTags
    # Runtimes that render authors' previews discard state in the same way.
    forgets = preview is not None or getattr(runtime, "forgets_state", False)
    return PreviewTags if forgets else Tags
