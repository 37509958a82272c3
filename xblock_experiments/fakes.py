"""Fakes of the services `user_segmentation` and `user_info`, for tests of blocks without Django.

They follow the rules of the services and raise their errors, but hold everything in memory. Each is
for one user, one course and one block, as the services are. They need neither a runtime of this
package nor settings nor a database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self, overload

from xblock_experiments.course_user_segmentation.data import (
    EXPERIMENT,
    Group,
    NoSuchSegmentation,
    NotAssignable,
    UserSegmentation,
)
from xblock_experiments.course_user_segmentation.types import is_exclusive
from xblock_experiments.keys.ids import is_id
from xblock_experiments.keys.scope import GLOBAL, Scope
from xblock_experiments.user_tags.checks import (
    check_owner,
    check_scope,
    conflict_error,
    counted,
    full_key_of,
)
from xblock_experiments.user_tags.data import (
    ANY,
    JSON,
    NULL,
    Expectation,
    GlobalIsReadOnly,
    NoUser,
    Storable,
    dump_value,
    load_value,
    owner_of,
    page_of,
)

__all__ = ["FakeServices", "FakeUserInfo", "FakeUserSegmentation"]

LEARNER = "learner"


class FakeUserSegmentation:
    """A fake of the service `user_segmentation`.

    `exposures` lists the ids of the experiments that the block has recorded as shown.
    """

    def __init__(
        self, segmentations: Iterable[UserSegmentation] = (), *, user_id: str | None = LEARNER
    ) -> None:
        """Offer the course's segmentations to a user who is in no group yet."""
        self.user_id = user_id
        self.exposures: list[int] = []
        self._segmentations = {(each.type, each.id): each for each in segmentations}
        self._group_ids: dict[tuple[str, int], set[int]] = {}
        self._pages: list[list[int]] = []

    def put_in_group(self, id: int, group_id: int, type: str = EXPERIMENT) -> None:
        """Put the user in a group, instead of another one in a type that allows only one.

        Raises NoSuchSegmentation or NoSuchGroup.
        """
        group = self.segmentation(id, type).group(group_id)
        others = set() if is_exclusive(type) else self._group_ids.get((type, id), set())
        self._group_ids[type, id] = others | {group.id}

    def segmentations(self, type: str | None = None) -> tuple[UserSegmentation, ...]:
        every = self._segmentations.values()
        return tuple(each for each in every if type is None or each.type == type)

    def segmentation(self, id: int, type: str = EXPERIMENT) -> UserSegmentation:
        """Return the segmentation. Raises NoSuchSegmentation."""
        is_sound = is_id(id) and isinstance(type, str)
        found = self._segmentations.get((type, id)) if is_sound else None
        if found is None:
            msg = f"The fake has no segmentation {id!r} of type {type!r}."
            raise NoSuchSegmentation(msg)
        return found

    def group(self, id: int, type: str = EXPERIMENT) -> Group | None:
        """Return the user's first group in listed order, or None. Raises NoSuchSegmentation."""
        return next(iter(self.groups(id, type)), None)

    def groups(self, id: int, type: str) -> tuple[Group, ...]:
        """Return the user's groups in listed order. Raises NoSuchSegmentation."""
        segmentation = self.segmentation(id, type)
        if self.user_id is None or not segmentation.active:
            return ()
        group_ids = self._group_ids.get((type, id), set())
        return tuple(group for group in segmentation.groups if group.id in group_ids)

    def assign(self, id: int) -> Group:
        """Return the user's group. A user without one is assigned to the first that has a weight.

        Raises NoSuchSegmentation or NotAssignable.
        """
        segmentation = self.segmentation(id)
        if group := self.group(id):
            return group
        weighted = [group for group in segmentation.groups if group.weight]
        if not segmentation.active or not weighted:
            msg = f"Experiment {id} is inactive, or has no group with a weight."
            raise NotAssignable(msg)
        if self.user_id is None:
            return segmentation.groups[0]
        self.put_in_group(id, weighted[0].id)
        return weighted[0]

    def assign_all(self, ids: Iterable[int]) -> dict[int, Group]:
        """Return `assign` for each id, without experiments that do not exist or cannot assign."""
        groups: dict[int, Group] = {}
        wanted = {id for id in ids if is_id(id)}
        for segmentation in self.segmentations(EXPERIMENT):
            if segmentation.id in wanted:
                try:
                    groups[segmentation.id] = self.assign(segmentation.id)
                except NotAssignable:
                    continue
        return groups

    def record_exposure(self, id: int) -> None:
        """Record that the block shows the user's arm. Raises NoSuchSegmentation."""
        if self.group(id) is not None:
            self._show([id])

    @contextmanager
    def together(self) -> Iterator[None]:
        """Collect exposures, and record them at the end, or none after an error."""
        self._pages.append([])
        try:
            yield
        except BaseException:
            self._pages.pop()
            raise
        self._show(self._pages.pop())

    def _show(self, ids: Iterable[int]) -> None:
        shown = self._pages[-1] if self._pages else self.exposures
        shown += [id for id in dict.fromkeys(ids) if id not in shown]


class FakeUserInfo:
    """A fake of the service `user_info`, for blocks of one type.

    Set `is_global_read_only` to forbid global tags, as the setting GLOBAL_WRITES of a site can.
    """

    def __init__(self, block_type: str, *, user_id: str | None = LEARNER) -> None:
        self.block_type = block_type
        self.user_id = user_id
        self.is_global_read_only = False
        self._texts: dict[Scope, dict[str, str]] = {scope: {} for scope in Scope}

    def of_type(self, block_type: str) -> Self:
        """Return the service of the same user for blocks of another type."""
        other = type(self)(block_type, user_id=self.user_id)
        other.is_global_read_only = self.is_global_read_only
        other._texts = self._texts
        return other

    @overload
    def get(self, scope: Scope, key: str, default: None = None) -> JSON: ...
    @overload
    def get[T](self, scope: Scope, key: str, default: T) -> T: ...
    def get(self, scope: Scope, key: str, default: Any = None) -> Any:
        """Return the value, or `default` if there is no value or no user. Raises InvalidTag."""
        full_key = full_key_of(key, self.block_type)
        check_scope(scope)
        text = self._texts[scope].get(full_key)
        return default if text is None or self.user_id is None else load_value(text)

    def set(
        self, scope: Scope, key: str, value: Storable, *, expected: Storable | Expectation = ANY
    ) -> None:
        """Store a value, as the service does, with the service's errors."""
        texts, full_key = self._writable(scope, key)
        text = dump_value(value)
        if expected is not ANY and dump_value(expected) != texts.get(full_key, NULL):
            raise conflict_error(full_key)
        texts[full_key] = text

    def increment(self, scope: Scope, key: str, by: int = 1) -> int:
        """Add to a counter that starts at 0, and return its new value, or raise as the service."""
        texts, full_key = self._writable(scope, key)
        after = counted(texts.get(full_key), full_key, by)
        texts[full_key] = dump_value(after)
        return after

    def delete(self, scope: Scope, key: str) -> bool:
        """Delete the tag, and return whether it existed, or raise as the service does."""
        texts, full_key = self._writable(scope, key)
        return texts.pop(full_key, None) is not None

    def items(
        self,
        scope: Scope,
        xblock_type: str | None = None,
        *,
        after: str | None = None,
        limit: int | None = None,
    ) -> dict[str, JSON]:
        """Return all tags, or one block type's, by full key, sorted by key. Raises InvalidTag."""
        check_scope(scope)
        after_key = None if after is None else full_key_of(after, self.block_type)
        texts = {} if self.user_id is None else self._texts[scope]
        listed = {key: text for key, text in texts.items() if xblock_type in (None, owner_of(key))}
        return {key: load_value(text) for key, text in page_of(listed, after_key, limit).items()}

    def _writable(self, scope: Scope, key: str) -> tuple[dict[str, str], str]:
        """Return the tags of the scope and the full key, if the block may write it."""
        full_key = full_key_of(key, self.block_type)
        check_scope(scope)
        check_owner(full_key, self.block_type)
        if scope is GLOBAL and self.is_global_read_only:
            msg = f"Cannot write {full_key!r}: global tags are read-only."
            raise GlobalIsReadOnly(msg)
        if self.user_id is None:
            msg = f"Cannot write {full_key!r}: there is no user."
            raise NoUser(msg)
        return self._texts[scope], full_key


@dataclass(frozen=True, slots=True)
class FakeServices:
    """Fakes of both services for one block."""

    user_segmentation: FakeUserSegmentation
    user_info: FakeUserInfo

    @classmethod
    def of(
        cls,
        block_type: str,
        segmentations: Iterable[UserSegmentation] = (),
        *,
        user_id: str | None = LEARNER,
    ) -> Self:
        """Return the fakes for a user in a course with these segmentations."""
        return cls(
            FakeUserSegmentation(segmentations, user_id=user_id),
            FakeUserInfo(block_type, user_id=user_id),
        )

    @property
    def by_name(self) -> dict[str, object]:
        """The services by their names, as runtimes of XBlock accept them."""
        return {"user_segmentation": self.user_segmentation, "user_info": self.user_info}
