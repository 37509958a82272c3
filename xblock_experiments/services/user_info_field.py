"""A tag of the block's learner as an attribute of the block, as XBlock's fields are.

XBlock has no scope for this block type, in this course, for this user.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from typing import Any

from xblock.core import Blocklike
from xblock.fields import Field

from xblock_experiments.services.scope import GLOBAL, Scope
from xblock_experiments.user_tags.data import InvalidTag, dump_value

_NONE_STORED: Any = object()


class UserInfoField:
    """`hints_seen = UserInfoField(Integer(default=0), scope=COURSE)`, in a block's class.

    The block needs the service `user_info`. The tag has the attribute's name, under the block's
    type. What is read, set, or changed within, is of the wrapped field's type. It is kept, and
    deleted, when the block is saved, by the service: before anything else of the block, so that
    nothing of it is saved where the service refuses. The attribute is no XBlock field: no OLX and
    no field data has it.
    """

    def __init__(self, field: Field, *, scope: Scope) -> None:
        self.field: Any = field
        self.scope = scope
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        if not issubclass(owner, Blocklike):
            msg = f"{owner.__name__}.{name} is in no class of a block: make it an XBlockMixin."
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
            # What a block got before and may change within stays the same object.
            if held is None or held.saved != text:
                held = _held(block)[self] = Held(present, text)
        return held.value

    def __set__(self, block: Any, value: Any) -> None:
        """Raises what the wrapped field does of a value that is not of its type."""
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
        """Raises InvalidTag for a value that the service would not keep."""
        if not self._is_to_be_deleted(held):
            dump_value(self.field.to_json(held.value))

    def save(self, block: Any, held: Held) -> None:
        service = _service(block)
        if self._is_to_be_deleted(held):
            service.delete(self.scope, self.name)
        else:
            service.set(self.scope, self.name, self.field.to_json(held.value))
        _held(block)[self] = Held(held.value, self._text_of(held.value))

    def _read(self, block: Any) -> Any:
        stored = _service(block).get(self.scope, self.name, _NONE_STORED)
        return self.field.default if stored is _NONE_STORED else self.field.from_json(stored)

    def _is_to_be_deleted(self, held: Held) -> bool:
        return held.is_deleted and self._is_as_saved(held)

    def _is_as_saved(self, held: Held) -> bool:
        return held.saved is not None and held.saved == self._text_of(held.value)

    def _text_of(self, value: Any) -> str | None:
        """As it would be kept: to Python 1 and True are equal. None where it cannot be kept."""
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
    """What a block has of a tag."""

    value: Any
    saved: str | None
    """The JSON text of what it was when it was read or saved; None where it never was."""
    is_deleted: bool = False
    """Whether it is to be, unless it was changed since."""


def _save_with_tags(owner: Any) -> None:
    """Make the class's blocks save their tags whenever they are saved."""
    own = vars(owner).get("save")

    @wraps(own or owner.save)
    def save(block: Any) -> None:
        _save_tags(block)
        if own is None:
            super(owner, block).save()
        else:
            own(block)
        # What that has changed itself.
        _save_tags(block)

    owner.save = save


def _save_tags(block: Any) -> None:
    """All that were changed; none where one cannot be kept."""
    changed = {field: held for field, held in _held(block).items() if field.is_changed(held)}
    for field, held in changed.items():
        field.check(held)
    # A site can refuse these, and no others.
    for field in sorted(changed, key=lambda field: field.scope is not GLOBAL):
        field.save(block, changed[field])


def _held(block: Any) -> dict[UserInfoField, Held]:
    held: dict[UserInfoField, Held] = vars(block).setdefault("_user_info_fields", {})
    return held


def _service(block: Any) -> Any:
    return block.runtime.service(block, "user_info")
