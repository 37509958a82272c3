"""Access checks of requests: which users are staff, and which blocks a user may open.

A block may stand in several places. It is given to the learners of all arms in which it stands. If
it stands outside of experiments as well, it is still given to these learners only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

from xblock_experiments.blocks.base.structure import Structure
from xblock_experiments.settings.common import setting


def is_staff_id(user_id: str | None) -> bool:
    """Return whether the setting STAFF lists the user."""
    return user_id in setting("STAFF")


def may_open(block: Any, *, is_staff: bool) -> bool:
    """Return whether the block's user is given the block."""
    return is_staff or Accesses(block.runtime).allow(block.scope_ids.usage_id)


class Access(Enum):
    """The access of a learner to a block."""

    OPEN = "open"
    """The block is in no arm."""
    GIVEN = "given"
    """The block is in arms, and one of them is given to the learner."""
    WITHHELD = "withheld"
    """The block is in arms, and none of them is given to the learner."""
    INACTIVE = "inactive"
    """The block is in an experiment, but in no arm: no group is mapped to it."""


class Accesses:
    """The access of the runtime's user to blocks, as it is now."""

    def __init__(self, runtime: Any) -> None:
        self._runtime = runtime
        self._known: dict[Any, Access] = {}

    def of(self, usage_id: Any) -> Access:
        """Return the access to a block, by all its places together."""
        if usage_id not in self._known:
            places = self._parents_of(usage_id)
            self._known[usage_id] = _union(self._in(parent_id, usage_id) for parent_id in places)
        return self._known[usage_id]

    def allow(self, usage_id: Any) -> bool:
        """Return whether the user may open a block."""
        return self.of(usage_id) in _ALLOWED

    def experiments_above(self, usage_id: Any) -> Iterator[Any]:
        """Yield the experiments in whose arms a block is given."""
        found, waiting = {usage_id}, [usage_id]
        while waiting:
            child_id = waiting.pop()
            places = [each for each in self._parents_of(child_id) if each not in found]
            given = [each for each in places if self._in(each, child_id) in _ALLOWED]
            found.update(given)
            waiting += given
            yield from filter(_is_experiment, map(self._runtime.get_block, given))

    def _in(self, parent_id: Any, usage_id: Any) -> Access:
        """Return the access to a block in one of its places."""
        parent = self._runtime.get_block(parent_id)
        divides = _is_experiment(parent)
        if divides and str(usage_id) not in map(str, parent.group_id_to_child.values()):
            return Access.INACTIVE
        access = self.of(parent_id)
        if access not in _ALLOWED or not divides:
            return access
        given = (child.scope_ids.usage_id for child in parent.get_child_blocks())
        return Access.GIVEN if usage_id in given else Access.WITHHELD

    def _parents_of(self, usage_id: Any) -> list[Any]:
        course = self._runtime.courses.course_of(usage_id)
        if course is not None:
            return list(course.index.parents_of(usage_id))
        parent_id = self._runtime.get_block(usage_id).parent
        return [] if parent_id is None else [parent_id]


class Placement:
    """The service `placement`, which decides about blocks that stand in several places."""

    def __init__(self, runtime: Any) -> None:
        self._runtime = runtime

    def is_given(self, block: Any) -> bool:
        """Return whether a child of a block that is given is given as well.

        Only its other places can withhold it, so a block with one place is not looked at further.
        """
        usage_id = block.scope_ids.usage_id
        course = self._runtime.courses.course_of(usage_id)
        is_elsewhere = course is not None and len(course.index.parents_of(usage_id)) > 1
        return not is_elsewhere or may_open(block, is_staff=self._shows_all)

    @property
    def _shows_all(self) -> bool:
        return bool(self._runtime.is_staff or self._runtime.is_author_mode)


def _is_experiment(block: Any) -> bool:
    return isinstance(block, Structure) and block.has_dynamic_children()


_ALLOWED = frozenset({Access.OPEN, Access.GIVEN})
_DECISIVE = (Access.GIVEN, Access.WITHHELD, Access.OPEN, Access.INACTIVE)
"""The accesses in the order in which they decide about a block in several places."""


def _union(accesses: Iterable[Access]) -> Access:
    """Return the access of a block in all its places. The root is in none."""
    found = set(accesses)
    return next((each for each in _DECISIVE if each in found), Access.OPEN)
