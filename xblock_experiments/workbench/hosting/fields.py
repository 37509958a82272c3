"""Where a block's fields are: authored ones in its course, others in the learner's state.

Scenarios of the SDK, which are no courses of ours, keep the SDK's own store.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from workbench.runtime import WORKBENCH_KVS
from xblock.fields import Scope
from xblock.runtime import KeyValueStore

from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.hosting.inherited import FIELDS as INHERITED
from xblock_experiments.workbench.hosting.state import SCOPES_WITHOUT_USAGE, StateStore

_AUTHORED = (Scope.content, Scope.settings, Scope.children, Scope.parent)


class WorkbenchStore(KeyValueStore):
    """Sends each key where its value is."""

    def __init__(self, runtime: Any) -> None:
        self._runtime = runtime
        self._course_of: Callable[[Any], CourseBlocks | None] = runtime.course_of
        self._state = StateStore(runtime)

    def get(self, key: Any) -> Any:
        authored = self._authored(key)
        if authored is None:
            return self._stored_in(key).get(key)
        value = authored[key.field_name]
        # Whoever handles a request may change it in place, and others read it meanwhile.
        return copy.deepcopy(value) if self._runtime.is_editing else value

    def has(self, key: Any) -> bool:
        authored = self._authored(key)
        if authored is None:
            return bool(self._stored_in(key).has(key))
        return key.field_name in authored

    def set(self, key: Any, value: Any) -> None:
        self.set_many({key: value})

    def set_many(self, update_dict: dict[Any, Any]) -> None:
        """Each store is given at once what is for it."""
        kept: dict[int, tuple[Any, dict[Any, Any]]] = {}
        for key, value in update_dict.items():
            authored = self._authored_to_write(key)
            if authored is None:
                store = self._stored_in(key)
                kept.setdefault(id(store), (store, {}))[1][key] = value
            else:
                authored[key.field_name] = value
        for store, values in kept.values():
            store.set_many(values)

    def delete(self, key: Any) -> None:
        authored = self._authored_to_write(key)
        if authored is None:
            self._stored_in(key).delete(key)
        else:
            del authored[key.field_name]

    def default(self, key: Any) -> Any:
        """What the block has of those that it stands in. Raises KeyError."""
        course = self._course_of(key.block_scope_id)
        if course is None or key.field_name not in INHERITED or key.scope != Scope.settings:
            raise KeyError(key.field_name)
        return course.inherited_by(key.block_scope_id, key.field_name)

    def _authored(self, key: Any) -> dict[str, Any] | None:
        """The authored fields that the key's is one of; None where it is another kind of field."""
        if key.scope not in _AUTHORED:
            return None
        course = self._course_of(key.block_scope_id)
        return None if course is None else course.values[key.block_scope_id]

    def _authored_to_write(self, key: Any) -> dict[str, Any] | None:
        """Raises NotStaff, EditedMeanwhile."""
        if self._authored(key) is None:
            return None
        course = self._runtime.course_to_change(key.block_scope_id)
        authored: dict[str, Any] = course.values[key.block_scope_id]
        return authored

    def _stored_in(self, key: Any) -> Any:
        # Scope.children and Scope.parent have no block.
        if getattr(key.scope, "block", None) in SCOPES_WITHOUT_USAGE:
            return self._state
        return WORKBENCH_KVS if self._course_of(key.block_scope_id) is None else self._state
