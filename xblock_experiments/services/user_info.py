"""The service `user_info`: key/values of this user, in this course or global.

A full key is `<xblock_type>.<name>`. A block that writes a bare name means its own type.
"""

from __future__ import annotations

from typing import Any

from xblock_experiments.services.binding import Binding
from xblock_experiments.services.preview import preview_of
from xblock_experiments.services.preview_tags import PreviewTags
from xblock_experiments.services.scope import GLOBAL, Scope
from xblock_experiments.settings.common import setting
from xblock_experiments.user_tags import api as user_tags
from xblock_experiments.user_tags.data import JSON, GlobalIsReadOnly, InvalidTag, NotOwner, NoUser


class UserInfoService:
    """Bound to one user, one course and one block type: there is no way to name another user.

    `get` and `items` read any block type's tags; `set` and `delete` write this type's own.
    """

    def __init__(self, runtime: Any, xblock: Any) -> None:
        self._bound = Binding.of(runtime, xblock)
        self._tags: Any = PreviewTags.of(runtime) if preview_of(runtime) else user_tags

    def get(self, scope: Scope, key: str, default: JSON = None) -> JSON:
        """The value under the key, `default` where there is none or nobody to have one."""
        full_key, course_id = self._full_key(key), self._course_id(scope)
        if self._bound.user_id is None:
            return default
        value: JSON = self._tags.get_tag(self._bound.user_id, course_id, full_key, default=default)
        return value

    def set(self, scope: Scope, key: str, value: JSON) -> None:
        """Raises NotOwner, GlobalIsReadOnly, NoUser, InvalidTag; then nothing is stored."""
        full_key, course_id = self._full_key(key), self._course_id(scope)
        self._tags.set_tag(self._writer(scope, full_key), course_id, full_key, value)

    def delete(self, scope: Scope, key: str) -> bool:
        """Whether there was one. Raises NotOwner, GlobalIsReadOnly, NoUser, InvalidTag."""
        full_key, course_id = self._full_key(key), self._course_id(scope)
        return bool(self._tags.delete_tag(self._writer(scope, full_key), course_id, full_key))

    def items(self, scope: Scope, xblock_type: str | None = None) -> dict[str, JSON]:
        """All tags, or one block type's, by full key."""
        course_id = self._course_id(scope)
        if self._bound.user_id is None:
            return {}
        tags: dict[str, JSON] = self._tags.get_tags(self._bound.user_id, course_id)
        if xblock_type is None:
            return tags
        return {key: value for key, value in tags.items() if _type_of(key) == xblock_type}

    def _full_key(self, key: str) -> str:
        if not isinstance(key, str):
            msg = f"The key of a tag must be text, not {key!r}."
            raise InvalidTag(msg)
        full_key = key if "." in key else f"{self._bound.block_type}.{key}"
        type_, _, name = full_key.partition(".")
        if not type_ or not name:
            msg = f"A key is a name, or <xblock_type>.<name>; {key!r} is neither."
            raise InvalidTag(msg)
        return full_key

    def _course_id(self, scope: Scope) -> str | None:
        if not isinstance(scope, Scope):
            msg = f"The scope must be COURSE or GLOBAL, not {scope!r}."
            raise InvalidTag(msg)
        return None if scope is GLOBAL else self._bound.course_id

    def _writer(self, scope: Scope, full_key: str) -> str:
        """Whose tag is written, if this block may."""
        own_type = self._bound.block_type
        if _type_of(full_key) != own_type:
            msg = f"A block of type {own_type!r} cannot write {full_key!r}: only its owner may."
            raise NotOwner(msg)
        if scope is GLOBAL and not setting("GLOBAL_WRITES"):
            msg = f"Global tags cannot be written here, so {full_key!r} was not."
            raise GlobalIsReadOnly(msg)
        if self._bound.user_id is None:
            msg = f"There is no user whose {full_key!r} could be written."
            raise NoUser(msg)
        return self._bound.user_id


def _type_of(full_key: str) -> str:
    return full_key.partition(".")[0]
