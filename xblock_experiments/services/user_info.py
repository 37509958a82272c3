"""The service `user_info`, which stores key/value tags of this user in this course or globally.

A full key is `<xblock_type>.<name>`. A bare name refers to the block's own type.
"""

from __future__ import annotations

from typing import Any, overload

from xblock_experiments.keys.scope import GLOBAL, Scope
from xblock_experiments.services.binding import Binding
from xblock_experiments.services.tags import Tags, tags_of
from xblock_experiments.settings.common import setting
from xblock_experiments.user_tags.api import is_hidden
from xblock_experiments.user_tags.checks import check_owner, check_scope, full_key_of
from xblock_experiments.user_tags.data import (
    ANY,
    JSON,
    Expectation,
    GlobalIsReadOnly,
    NoUser,
    Storable,
    load_value,
    owner_of,
    page_of,
)


class UserInfoService:
    """A service for one user, one course and one block type. It cannot access other users.

    `get` and `items` read tags of any block type, except other types' private tags. `set`,
    `increment` and `delete` write tags of the block's own type only. The service reads all of the
    user's tags once, when a block of the runtime first requests one. Each write is one statement.
    """

    def __init__(self, runtime: Any, xblock: Any) -> None:
        self._runtime = runtime
        self._bound = Binding.of(runtime, xblock)

    @overload
    def get(self, scope: Scope, key: str, default: None = None) -> JSON: ...
    @overload
    def get[T](self, scope: Scope, key: str, default: T) -> T: ...
    def get(self, scope: Scope, key: str, default: Any = None) -> Any:
        """Return the value, or `default` if there is no value or the user is anonymous.

        For type checkers, the value has the type of the default. The stored value decides.
        """
        full_key = self._full_key(key)
        check_scope(scope)
        tags = tags_of(self._runtime, self._bound)
        if tags is None or self._is_hidden(full_key):
            return default
        text = tags.get(scope, full_key)
        return default if text is None else load_value(text)

    def set(
        self, scope: Scope, key: str, value: Storable, *, expected: Storable | Expectation = ANY
    ) -> None:
        """Store a value. With `expected`, store it only if the present value equals `expected`.

        `expected=None` matches a missing tag. Raises NotOwner, GlobalIsReadOnly, NoUser, InvalidTag
        or Conflict, and then stores nothing.
        """
        full_key = self._full_key(key)
        self._writable(scope, full_key).set(scope, full_key, value, expected)

    def increment(self, scope: Scope, key: str, by: int = 1) -> int:
        """Add to a counter that starts at 0, and return its new value. Concurrent calls all count.

        Raises NotOwner, GlobalIsReadOnly, NoUser, or InvalidTag if the present value is not an
        integer, and then stores nothing.
        """
        full_key = self._full_key(key)
        return self._writable(scope, full_key).increment(scope, full_key, by)

    def delete(self, scope: Scope, key: str) -> bool:
        """Delete the tag, and return whether it existed.

        Raises NotOwner, GlobalIsReadOnly, NoUser or InvalidTag.
        """
        full_key = self._full_key(key)
        return self._writable(scope, full_key).delete(scope, full_key)

    def items(
        self,
        scope: Scope,
        xblock_type: str | None = None,
        *,
        after: str | None = None,
        limit: int | None = None,
    ) -> dict[str, JSON]:
        """Return all tags, or one block type's, by full key, sorted by key.

        `after` and `limit` select a page: the first `limit` tags whose keys follow `after`. Raises
        InvalidTag.
        """
        check_scope(scope)
        after_key = None if after is None else self._full_key(after)
        tags = tags_of(self._runtime, self._bound)
        texts = {} if tags is None else tags.all(scope)
        readable = {
            key: text
            for key, text in texts.items()
            if xblock_type in (None, owner_of(key)) and not self._is_hidden(key)
        }
        return {key: load_value(text) for key, text in page_of(readable, after_key, limit).items()}

    def _full_key(self, key: str) -> str:
        return full_key_of(key, self._bound.block_type)

    def _is_hidden(self, full_key: str) -> bool:
        return is_hidden(full_key, self._bound.block_type)

    def _writable(self, scope: Scope, full_key: str) -> Tags:
        """Return the user's tags if this block may write the given one."""
        check_scope(scope)
        check_owner(full_key, self._bound.block_type)
        if scope is GLOBAL and not setting("GLOBAL_WRITES"):
            msg = f"Cannot write {full_key!r}: the setting GLOBAL_WRITES forbids global tags."
            raise GlobalIsReadOnly(msg)
        tags = tags_of(self._runtime, self._bound)
        if tags is None:
            msg = f"Cannot write {full_key!r}: there is no user."
            raise NoUser(msg)
        return tags
