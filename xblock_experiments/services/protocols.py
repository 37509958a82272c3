"""The interfaces of the two services, for the annotations of blocks.

The services of this package and their fakes have these interfaces, and so can other runtimes'
services. Importing this module needs neither Django nor XBlock.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Protocol, overload

from xblock_experiments.course_user_segmentation.data import EXPERIMENT, Group, UserSegmentation
from xblock_experiments.keys.scope import Scope
from xblock_experiments.user_tags.data import ANY, JSON, Expectation, Storable


class UserSegmentationProtocol(Protocol):
    """The interface of the service `user_segmentation`."""

    def segmentations(self, type: str | None = None) -> tuple[UserSegmentation, ...]: ...

    def segmentation(self, id: int, type: str = EXPERIMENT) -> UserSegmentation: ...

    def group(self, id: int, type: str = EXPERIMENT) -> Group | None: ...

    def groups(self, id: int, type: str) -> tuple[Group, ...]: ...

    def assign(self, id: int) -> Group: ...

    def assign_all(self, ids: Iterable[int]) -> dict[int, Group]: ...

    def record_exposure(self, id: int) -> None: ...

    def together(self) -> AbstractContextManager[None]: ...


class UserInfoProtocol(Protocol):
    """The interface of the service `user_info`."""

    @overload
    def get(self, scope: Scope, key: str, default: None = None) -> JSON: ...
    @overload
    def get[T](self, scope: Scope, key: str, default: T) -> T: ...

    def set(
        self, scope: Scope, key: str, value: Storable, *, expected: Storable | Expectation = ANY
    ) -> None: ...

    def increment(self, scope: Scope, key: str, by: int = 1) -> int: ...

    def delete(self, scope: Scope, key: str) -> bool: ...

    def items(
        self,
        scope: Scope,
        xblock_type: str | None = None,
        *,
        after: str | None = None,
        limit: int | None = None,
    ) -> dict[str, JSON]: ...
