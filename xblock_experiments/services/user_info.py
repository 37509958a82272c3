"""The service `user_info`: key/values of this user, in this course or global.

A full key is `<xblock_type>.<name>`. A block that writes a bare name means its own type.
"""

from __future__ import annotations

from typing import Any

from xblock_experiments.services.binding import Binding
from xblock_experiments.services.scope import GLOBAL, Scope
from xblock_experiments.services.tags import Tags, tags_of
from xblock_experiments.settings.common import setting
from xblock_experiments.user_tags.api import is_hidden
from xblock_experiments.user_tags.checks import check_key
from xblock_experiments.user_tags.data import (
    ANY,
    JSON,
    Expectation,
    GlobalIsReadOnly,
    InvalidTag,
    NotOwner,
    NoUser,
    load_value,
    owner_of,
    page_of,
)


class UserInfoService:
    """Bound to one user, one course and one block type: there is no way to name another user.

    `get` and `items` read any block type's tags, but for private ones of others; `set`, `increment`
    and `delete` write this type's own. All tags of the user are read once, when a block of the
    runtime first asks for one; each write is one statement.
    """

    def __init__(self, runtime: Any, xblock: Any) -> None:
        self._runtime = runtime
        self._bound = Binding.of(runtime, xblock)

    def get(self, scope: Scope, key: str, default: JSON = None) -> JSON:
        """The value under the key, `default` where there is none or nobody to have one."""
        full_key = self._full_key(key)
        _check_scope(scope)
        tags = tags_of(self._runtime, self._bound)
        if tags is None or self._is_hidden(full_key):
            return default
        text = tags.get(scope, full_key)
        return default if text is None else load_value(text)

    def set(
        self, scope: Scope, key: str, value: JSON, *, expected: JSON | Expectation = ANY
    ) -> None:
        """Keep a value; with `expected`, what `get` told before, only where it still is that one.

        None is expected where there was none. Raises NotOwner, GlobalIsReadOnly, NoUser, InvalidTag
        and Conflict; then nothing is stored.
        """
        full_key = self._full_key(key)
        self._writable(scope, full_key).set(scope, full_key, value, expected)

    def increment(self, scope: Scope, key: str, by: int = 1) -> int:
        """What the counter is now, whoever else counts meanwhile; it begins at 0.

        Raises NotOwner, GlobalIsReadOnly, NoUser, and InvalidTag where there is another value than
        a whole number; then nothing is stored.
        """
        full_key = self._full_key(key)
        return self._writable(scope, full_key).increment(scope, full_key, by)

    def delete(self, scope: Scope, key: str) -> bool:
        """Whether there was one. Raises NotOwner, GlobalIsReadOnly, NoUser, InvalidTag."""
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
        """All tags, or one block type's, by full key, in order of keys.

        Or the first `limit` of them, and those after a key. Raises InvalidTag.
        """
        _check_scope(scope)
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
        if not isinstance(key, str):
            msg = f"The key of a tag must be text, not {key!r}."
            raise InvalidTag(msg)
        # What the text is, whatever a class of its own says that it is.
        text = str.__str__(key)
        full_key = text if "." in text else f"{self._bound.block_type}.{text}"
        type_, _, name = full_key.partition(".")
        if not type_ or not name:
            msg = f"A key is a name, or <xblock_type>.<name>; {text!r} is neither."
            raise InvalidTag(msg)
        check_key(full_key)
        return full_key

    def _is_hidden(self, full_key: str) -> bool:
        return is_hidden(full_key, self._bound.block_type)

    def _writable(self, scope: Scope, full_key: str) -> Tags:
        """The user's tags, if this block may write this one."""
        _check_scope(scope)
        own_type = self._bound.block_type
        if owner_of(full_key) != own_type:
            msg = f"A block of type {own_type!r} cannot write {full_key!r}: only its owner may."
            raise NotOwner(msg)
        if scope is GLOBAL and not setting("GLOBAL_WRITES"):
            msg = f"Global tags cannot be written here, so {full_key!r} was not."
            raise GlobalIsReadOnly(msg)
        tags = tags_of(self._runtime, self._bound)
        if tags is None:
            msg = f"There is no user whose {full_key!r} could be written."
            raise NoUser(msg)
        return tags


def _check_scope(scope: Scope) -> None:
    if not isinstance(scope, Scope):
        msg = f"The scope must be COURSE or GLOBAL, not {scope!r}."
        raise InvalidTag(msg)
