"""A property that is read once, although several threads request it."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Any, Protocol, Self, overload


class Guarded(Protocol):
    """An object with a lock for its properties that are read once."""

    @property
    def lock(self) -> RLock: ...


class once[Owner: Guarded, T]:  # noqa: N801 - used as a decorator, like cached_property
    """A cached property. One thread reads the value, and the others wait for it.

    With functools.cached_property, two threads can read two values. The second would replace the
    first, with all changes that a thread has made to it.
    """

    def __init__(self, read: Callable[[Owner], T]) -> None:
        self._read = read
        self._name = read.__name__
        self.__doc__ = read.__doc__

    @overload
    def __get__(self, owner: None, cls: type) -> Self: ...
    @overload
    def __get__(self, owner: Owner, cls: type) -> T: ...
    def __get__(self, owner: Owner | None, cls: type) -> Any:
        if owner is None:
            return self
        with owner.lock:
            values = vars(owner)
            if self._name not in values:
                values[self._name] = self._read(owner)
            return values[self._name]
