"""Where the workbench keeps what learners do in a course: the SDK's own table, by our usage ids.

The SDK's store wants usage ids of its own form, and makes a row for each field that is merely read.
"""

from __future__ import annotations

import json
from typing import Any

from workbench.models import XBlockState
from xblock.runtime import KeyValueStore

from xblock_experiments.ids import flaw_of
from xblock_experiments.usage import course_id_of, type_of, url_name_of


class StateStore(KeyValueStore):
    """One row for each scope, block and learner, read once for each runtime. Reads do not write.

    What a learner does whose id no database can hold is forgotten with the runtime.
    """

    def __init__(self) -> None:
        self._states: dict[tuple[tuple[str, Any], ...], dict[str, Any]] = {}

    def get(self, key: Any) -> Any:
        return self._state(key)[key.field_name]

    def has(self, key: Any) -> bool:
        return key.field_name in self._state(key)

    def set(self, key: Any, value: Any) -> None:
        self._state(key)[key.field_name] = value
        self._write(key)

    def delete(self, key: Any) -> None:
        del self._state(key)[key.field_name]
        self._write(key)

    def _state(self, key: Any) -> dict[str, Any]:
        row = _row_of(key)
        cached = tuple(row.items())
        if cached not in self._states and not _can_be_kept(key):
            self._states[cached] = {}
        if cached not in self._states:
            found = XBlockState.objects.filter(**row).values_list("state", flat=True).first()
            self._states[cached] = json.loads(found) if found else {}
        return self._states[cached]

    def _write(self, key: Any) -> None:
        if not _can_be_kept(key):
            return
        row = _row_of(key)
        state = json.dumps(self._state(key), indent=2, sort_keys=True)
        XBlockState.objects.update_or_create(**row, defaults={"state": state})


def _can_be_kept(key: Any) -> bool:
    return key.user_id is None or flaw_of(key.user_id) is None


def _row_of(key: Any) -> dict[str, Any]:
    """The columns that name the row. The SDK's admin pages show and filter by them."""
    usage_id = key.block_scope_id
    block_type = type_of(usage_id)
    scenario = course_id_of(usage_id)
    return {
        "scope": key.scope.block.attr_name.partition("_")[2],
        "scope_id": f"{scenario}/{block_type}/{url_name_of(usage_id)}",
        "user_id": key.user_id,
        "scenario": scenario,
        "tag": block_type,
    }
