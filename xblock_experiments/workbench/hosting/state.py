"""Where the workbench keeps what learners do in a course: the SDK's own table, by our usage ids.

The SDK's store wants usage ids of its own form, and makes a row for each field that is merely read.
simplejson writes named tuples with their names, as fields of scores read them.
"""

from __future__ import annotations

from typing import Any

import simplejson as json
from workbench.models import XBlockState
from xblock.fields import BlockScope, UserScope
from xblock.runtime import KeyValueStore

from xblock_experiments.keys.ids import flaw_of
from xblock_experiments.keys.usage import course_id_of, type_of, url_name_of

SCOPES_WITHOUT_USAGE = (BlockScope.ALL, BlockScope.TYPE)
"""What a user prefers of all blocks, or of all of a type, whatever course they are in."""


class StateStore(KeyValueStore):
    """One row for each scope, block and learner, read once for each runtime. Reads do not write.

    What a learner does whose id no database can hold is forgotten with the runtime, and so is what
    blocks do while authors look at them.
    """

    def __init__(self, runtime: Any) -> None:
        self._runtime = runtime
        self._states: dict[tuple[tuple[str, Any], ...], dict[str, Any]] = {}

    def get(self, key: Any) -> Any:
        return self._state(key)[key.field_name]

    def has(self, key: Any) -> bool:
        return key.field_name in self._state(key)

    def set(self, key: Any, value: Any) -> None:
        self.set_many({key: value})

    def set_many(self, update_dict: dict[Any, Any]) -> None:
        """One write for all fields of a row."""
        rows: dict[int, Any] = {}
        for key, value in update_dict.items():
            state = self._state(key)
            state[key.field_name] = value
            rows[id(state)] = key
        for key in rows.values():
            self._write(key)

    def delete(self, key: Any) -> None:
        del self._state(key)[key.field_name]
        self._write(key)

    def _state(self, key: Any) -> dict[str, Any]:
        row = self._row_of(key)
        cached = tuple(row.items())
        if cached not in self._states:
            is_own = key.user_id is not None
            is_blank = not _can_be_kept(key) or (is_own and self._runtime.begins_blank)
            self._states[cached] = {} if is_blank else self._read(row, key)
        return self._states[cached]

    def _read(self, row: dict[str, Any], key: Any) -> dict[str, Any]:
        """Staff who have not taken part themselves see what learners have made together."""
        rows = [row, _row_of(key)] if row["scope"] == _COPY else [row]
        found = next(filter(None, map(self._find, rows)), None)
        return json.loads(found.state) if found else {}

    def _find(self, row: dict[str, Any]) -> XBlockState | None:
        """The first, as the SDK's table lets there be several. It waits for who answers now.

        Ids are compared here, as not all databases do so exactly.
        """
        rows = XBlockState.objects.filter(**row).order_by("pk")
        if self._runtime.is_handling:
            rows = rows.select_for_update()
        return next((each for each in rows if _is_exactly(each, row)), None)

    def _write(self, key: Any) -> None:
        if self._runtime.forgets_state or not _can_be_kept(key):
            return
        row = self._row_of(key)
        state = json.dumps(self._state(key), indent=2, sort_keys=True)
        found = self._find(row)
        if found is None:
            XBlockState.objects.create(**row, state=state)
        else:
            XBlockState.objects.filter(pk=found.pk).update(state=state)

    def _row_of(self, key: Any) -> dict[str, Any]:
        """What learners make together, staff have each a copy of, for themselves."""
        row = _row_of(key)
        if self._runtime.is_staff and row["scope"] == _TOGETHER:
            return {**row, "scope": _COPY, "user_id": self._runtime.user_id}
        return row


_COPY = "copy"
_TOGETHER = "together"


def _can_be_kept(key: Any) -> bool:
    """Not what nobody does: a visitor without an id, or an editor's preview."""
    if key.user_id is None:
        return bool(key.scope.user == UserScope.ALL)
    return flaw_of(key.user_id) is None


def _is_exactly(found: XBlockState, row: dict[str, Any]) -> bool:
    return all(getattr(found, name) == value for name, value in row.items())


def _row_of(key: Any) -> dict[str, Any]:
    """The columns that name the row. The SDK's admin pages show and filter by them."""
    scope = key.scope.block.attr_name.partition("_")[2]
    if key.scope.block in SCOPES_WITHOUT_USAGE:
        where: dict[str, Any] = {"scope_id": key.block_scope_id, "scenario": None}
        return {"scope": scope, **where, "user_id": key.user_id, "tag": key.block_scope_id}
    usage_id = key.block_scope_id
    block_type = type_of(usage_id)
    scenario = course_id_of(usage_id)
    return {
        "scope": _TOGETHER if key.scope.user == UserScope.ALL else scope,
        "scope_id": f"{scenario}/{block_type}/{url_name_of(usage_id)}",
        "user_id": key.user_id,
        "scenario": scenario,
        "tag": block_type,
    }
