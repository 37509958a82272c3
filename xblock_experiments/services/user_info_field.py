"""A tag of the block's learner as an attribute of the block, as XBlock's fields are.

XBlock has no scope for this block type, in this course, for this user.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import wraps
from typing import Any

from xblock.core import Blocklike
from xblock.fields import Field

from xblock_experiments.services.scope import GLOBAL, Scope
from xblock_experiments.user_tags.data import dump_value

_NONE_STORED: Any = object()
_NOT_READ = object()


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
        _save_with_tags(owner)

    def __get__(self, block: Any, owner: type) -> Any:
        if block is None:
            return self
        held = _held(block).get(self)
        if held is None or not held.is_changed:
            present = self._read(block)
            # What a block got before and may change within stays the same object.
            if held is None or held.saved != present:
                held = _held(block)[self] = Held(present, copy.deepcopy(present))
        return held.value

    def __set__(self, block: Any, value: Any) -> None:
        """Raises what the wrapped field does of a value that is not of its type."""
        value = self.field.enforce_type(value)
        if held := _held(block).get(self):
            held.value = value
        else:
            _held(block)[self] = Held(value, _NOT_READ)

    def __delete__(self, block: Any) -> None:
        default = self.field.default
        _held(block)[self] = Held(default, copy.deepcopy(default), is_deleted=True)

    def check(self, held: Held) -> None:
        """Raises InvalidTag for a value that the service would not keep."""
        if not held.is_to_be_deleted:
            dump_value(self.field.to_json(held.value))

    def save(self, block: Any, held: Held) -> None:
        service = _service(block)
        if held.is_to_be_deleted:
            service.delete(self.scope, self.name)
        else:
            service.set(self.scope, self.name, self.field.to_json(held.value))
        _held(block)[self] = Held(held.value, copy.deepcopy(held.value))

    def _read(self, block: Any) -> Any:
        stored = _service(block).get(self.scope, self.name, _NONE_STORED)
        return self.field.default if stored is _NONE_STORED else self.field.from_json(stored)


@dataclass(slots=True)
class Held:
    """What a block has of a tag."""

    value: Any
    saved: Any
    """A copy of what it was when it was read or saved."""
    is_deleted: bool = False
    """Whether it is to be, unless it was changed since."""

    @property
    def is_changed(self) -> bool:
        return self.is_deleted or bool(self.value != self.saved)

    @property
    def is_to_be_deleted(self) -> bool:
        return self.is_deleted and bool(self.value == self.saved)


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
    changed = {field: held for field, held in _held(block).items() if held.is_changed}
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
