"""Dictionaries and lists that cannot be changed, so that all readers of a definition share it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, Self


def _refuse(*_: object, **__: object) -> NoReturn:
    msg = "This value is frozen: make a changed copy with dataclasses.replace."
    raise TypeError(msg)


class FrozenDict(dict[str, Any]):
    """A dictionary that cannot be changed, so that all readers of a definition can share it."""

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type[Self], tuple[dict[str, Any]]]:
        return type(self), (dict(self),)


class FrozenList(list[Any]):
    """A list that cannot be changed."""

    __setitem__ = __delitem__ = __iadd__ = __imul__ = append = extend = insert = _refuse
    clear = pop = remove = reverse = sort = _refuse

    def __reduce__(self) -> tuple[type[Self], tuple[list[Any]]]:
        return type(self), (list(self),)


def deep_freeze(value: Any) -> Any:
    if isinstance(value, Mapping):
        return FrozenDict({key: deep_freeze(item) for key, item in value.items()})
    if isinstance(value, list):
        return FrozenList(map(deep_freeze, value))
    return value
