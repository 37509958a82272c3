"""A tag of the block's learner as an attribute of the block, similar to an XBlock field.

XBlock has no scope for values of one block type, one course and one user.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from typing import Any

from xblock.core import Blocklike
from xblock.fields import Field

from xblock_experiments.keys.scope import GLOBAL, Scope
from xblock_experiments.user_tags.data import InvalidTag, NoService, dump_value

_NONE_STORED: Any = object()


class UserInfoField:
    """A descriptor, as in `hints_seen = UserInfoField(Integer(default=0), scope=COURSE)`.

    The block class needs or wants the service `user_info`. If it wants the service and the runtime
    lacks it, the attribute has its default, and saving a value that was set raises NoService.

    The tag's name is the attribute's name, under the block's type. Values have the wrapped field's
    type, and mutable values can be changed in place. Saving the block first writes or deletes the
    tag through the service, so if the service refuses, nothing of the block is saved. The attribute
    is not an XBlock field: neither OLX nor field data contains it.
    """

    def __init__(self, field: Field, *, scope: Scope) -> None:
        self.field: Any = field
        self.scope = scope
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        if not issubclass(owner, Blocklike):
            msg = f"{owner.__name__}.{name} is not in a block class: derive it from XBlockMixin."
            raise TypeError(msg)
        self.name = self.field.__name__ = name
        self._check_default(owner)
        _save_with_tags(owner)

    def __get__(self, block: Any, owner: type) -> Any:
        if block is None:
            return self
        held = _held(block).get(self)
        if held is None or not self.is_changed(held):
            present = self._read(block)
            text = self._text_of(present)
            # Keep the same object, because the block may hold it and change it in place.
            if held is None or held.saved != text:
                held = _held(block)[self] = Held(present, text)
        return held.value

    def __set__(self, block: Any, value: Any) -> None:
        """Set the value. Raises the wrapped field's error for a value of another type."""
        value = self.field.enforce_type(value)
        if held := _held(block).get(self):
            held.value = value
        else:
            _held(block)[self] = Held(value, None)

    def __delete__(self, block: Any) -> None:
        default = self.field.default
        _held(block)[self] = Held(default, self._text_of(default), is_deleted=True)

    def is_changed(self, held: Held) -> bool:
        return held.is_deleted or not self._is_as_saved(held)

    def check(self, held: Held) -> None:
        """Check that the service can store the value. Raises InvalidTag if not."""
        if not self._is_to_be_deleted(held):
            dump_value(self.field.to_json(held.value))

    def save(self, block: Any, held: Held) -> None:
        service = _service(block)
        if service is None:
            msg = (
                f"{self.name!r} cannot be saved: this runtime has no service user_info. Check "
                "self.runtime.service(self, 'user_info') before you set the attribute."
            )
            raise NoService(msg)
        if self._is_to_be_deleted(held):
            service.delete(self.scope, self.name)
        else:
            service.set(self.scope, self.name, self.field.to_json(held.value))
        _held(block)[self] = Held(held.value, self._text_of(held.value))

    def _read(self, block: Any) -> Any:
        service = _service(block)
        if service is None:
            return self.field.default
        stored = service.get(self.scope, self.name, _NONE_STORED)
        return self.field.default if stored is _NONE_STORED else self.field.from_json(stored)

    def _is_to_be_deleted(self, held: Held) -> bool:
        return held.is_deleted and self._is_as_saved(held)

    def _is_as_saved(self, held: Held) -> bool:
        return held.saved is not None and held.saved == self._text_of(held.value)

    def _text_of(self, value: Any) -> str | None:
        """Return the value's stored text, or None if it cannot be stored.

        Texts are compared because 1 and True are equal in Python.
        """
        try:
            return dump_value(self.field.to_json(value))
        except InvalidTag:
            return None

    def _check_default(self, owner: type) -> None:
        try:
            dump_value(self.field.to_json(self.field.default))
        except (TypeError, ValueError) as error:
            kind = type(self.field).__name__
            msg = f"{owner.__name__}.{self.name} cannot be a {kind} with this default. {error}"
            raise TypeError(msg) from error


@dataclass(slots=True)
class Held:
    """The state of one tag in one block."""

    value: Any
    saved: str | None
    """The JSON text as last read or saved, or None if it was neither."""
    is_deleted: bool = False
    """Marks a tag that the next save deletes, unless the value has changed since."""


def _save_with_tags(owner: Any) -> None:
    """Make the class's blocks save their tags when they are saved."""
    own = vars(owner).get("save")

    @wraps(own or owner.save)
    def save(block: Any) -> None:
        _save_tags(block)
        if own is None:
            super(owner, block).save()
        else:
            own(block)
        # The class's own save method can change tags too.
        _save_tags(block)

    owner.save = save


def _save_tags(block: Any) -> None:
    """Save all changed tags, or none of them if one cannot be stored."""
    changed = {field: held for field, held in _held(block).items() if field.is_changed(held)}
    for field, held in changed.items():
        field.check(held)
    # Save global tags first, because a site can refuse them.
    for field in sorted(changed, key=lambda field: field.scope is not GLOBAL):
        field.save(block, changed[field])


def _held(block: Any) -> dict[UserInfoField, Held]:
    held: dict[UserInfoField, Held] = vars(block).setdefault("_user_info_fields", {})
    return held


def _service(block: Any) -> Any:
    return block.runtime.service(block, "user_info")
