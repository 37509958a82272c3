"""The values of blocks' fields: authored ones are in the course, others in the learner's state.

Scenarios of the SDK, which are not courses, use the SDK's own store.
"""

from __future__ import annotations

import copy
from typing import Any

from workbench.runtime import WORKBENCH_KVS
from xblock.fields import Scope
from xblock.runtime import KeyValueStore

from xblock_experiments.workbench.courses.lookup import Courses
from xblock_experiments.workbench.hosting.inherited import FIELDS as INHERITED
from xblock_experiments.workbench.hosting.inherited import json_of
from xblock_experiments.workbench.hosting.state import SCOPES_WITHOUT_USAGE, StoredState

_AUTHORED = (Scope.content, Scope.settings, Scope.children, Scope.parent)


class WorkbenchFields(KeyValueStore):
    """Sends each key to the store that has its value."""

    def __init__(self, courses: Courses, state: StoredState) -> None:
        self.state = state
        """The learner's state. The runtime may replace it between two pages."""
        self._courses = courses

    def get(self, key: Any) -> Any:
        authored = self._authored(key)
        if authored is None:
            return self._store_of(key).get(key)
        value = authored[key.field_name]
        # A handler may change the value in place, and other requests read it at the same time.
        return copy.deepcopy(value) if self._courses.is_editing else value

    def has(self, key: Any) -> bool:
        authored = self._authored(key)
        if authored is None:
            return bool(self._store_of(key).has(key))
        return key.field_name in authored

    def set(self, key: Any, value: Any) -> None:
        self.set_many({key: value})

    def set_many(self, update_dict: dict[Any, Any]) -> None:
        """Write all values of a store in one call."""
        stored: dict[int, tuple[Any, dict[Any, Any]]] = {}
        for key, value in update_dict.items():
            authored = self._authored_to_write(key)
            if authored is None:
                store = self._store_of(key)
                stored.setdefault(id(store), (store, {}))[1][key] = value
            else:
                authored[key.field_name] = value
        for store, values in stored.values():
            store.set_many(values)

    def delete(self, key: Any) -> None:
        authored = self._authored_to_write(key)
        if authored is None:
            self._store_of(key).delete(key)
        else:
            del authored[key.field_name]

    def default(self, key: Any) -> Any:
        """Return the value that the block inherits from its ancestors. Raises KeyError."""
        course = self._courses.course_of(key.block_scope_id)
        if course is None or key.field_name not in INHERITED or key.scope != Scope.settings:
            raise KeyError(key.field_name)
        text = course.inherited_by(key.block_scope_id, key.field_name)
        return json_of(key.field_name, text)

    def _authored(self, key: Any) -> dict[str, Any] | None:
        """Return the block's authored fields, or None if the key is of another kind of field."""
        if key.scope not in _AUTHORED:
            return None
        course = self._courses.course_of(key.block_scope_id)
        return None if course is None else course.blocks[key.block_scope_id].fields

    def _authored_to_write(self, key: Any) -> dict[str, Any] | None:
        """Return the fields that `_authored` does, for a change.

        Raises NotStaff, EditedMeanwhile, NotStored.
        """
        if self._authored(key) is None:
            return None
        course = self._courses.course_to_change(key.block_scope_id)
        return course.blocks[key.block_scope_id].fields

    def _store_of(self, key: Any) -> Any:
        # Scope.children and Scope.parent have no block.
        if getattr(key.scope, "block", None) in SCOPES_WITHOUT_USAGE:
            return self.state
        is_of_sdk = self._courses.course_of(key.block_scope_id) is None
        return WORKBENCH_KVS if is_of_sdk else self.state
