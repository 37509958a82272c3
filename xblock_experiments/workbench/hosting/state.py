"""The state of learners in courses: rows of the SDK's own table, with our usage ids as keys.

The SDK's own store needs other usage ids, and creates a row even if a field is only read.
simplejson writes named tuples as objects, in the form that the fields of scores read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import simplejson as json
from django.db import transaction
from workbench.models import XBlockState
from xblock.fields import BlockScope, UserScope
from xblock.runtime import KeyValueStore

from xblock_experiments.keys.ids import flaw_of
from xblock_experiments.keys.usage import course_id_of, type_of, url_name_of

SCOPES_WITHOUT_USAGE = (BlockScope.ALL, BlockScope.TYPE)
"""Scopes of a user's preferences for all blocks, or for all blocks of a type, in any course."""

_COPY = "copy"
_TOGETHER = "together"


class StoredState(KeyValueStore):
    """State that is stored: one row for each scope, block and learner.

    Each row is read once for each runtime. Reads do not write. The state of a learner whose id
    cannot be stored lives as long as the runtime.
    """

    is_stored = True

    def __init__(self, user_id: str | None, *, is_staff: bool = False) -> None:
        """Staff get their own copy of state that learners share."""
        self._user_id = user_id
        self._is_staff = is_staff
        self._locks = False
        self._states: dict[tuple[tuple[str, Any], ...], dict[str, Any]] = {}

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Read and write in one transaction, with the rows locked against other requests."""
        with transaction.atomic():
            self._locks = True
            try:
                yield
            finally:
                self._locks = False

    def get(self, key: Any) -> Any:
        return self._state(key)[key.field_name]

    def has(self, key: Any) -> bool:
        return key.field_name in self._state(key)

    def set(self, key: Any, value: Any) -> None:
        self.set_many({key: value})

    def set_many(self, update_dict: dict[Any, Any]) -> None:
        """Write all fields of a row in one statement."""
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
            self._states[cached] = self._read(row, key) if _can_be_stored(key) else {}
        return self._states[cached]

    def _read(self, row: dict[str, Any], key: Any) -> dict[str, Any]:
        """Return the stored state. Staff without a copy of their own start with the learners'."""
        rows = [row, _row_of(key)] if row["scope"] == _COPY else [row]
        found = next(filter(None, map(self._find, rows)), None)
        return json.loads(found.state) if found else {}

    def _find(self, row: dict[str, Any]) -> XBlockState | None:
        """Return the first matching row: the SDK's table allows several.

        Compares ids here, because not all databases compare them exactly.
        """
        rows = XBlockState.objects.filter(**row).order_by("pk")
        if self._locks:
            rows = rows.select_for_update()
        return next((each for each in rows if _is_exactly(each, row)), None)

    def _write(self, key: Any) -> None:
        if not _can_be_stored(key):
            return
        row = self._row_of(key)
        state = json.dumps(self._state(key), indent=2, sort_keys=True)
        found = self._find(row)
        if found is None:
            XBlockState.objects.create(**row, state=state)
        else:
            XBlockState.objects.filter(pk=found.pk).update(state=state)

    def _row_of(self, key: Any) -> dict[str, Any]:
        row = _row_of(key)
        if self._is_staff and row["scope"] == _TOGETHER:
            return {**row, "scope": _COPY, "user_id": self._user_id}
        return row


class TransientState(StoredState):
    """State that lives only as long as the runtime, for authors' pages, previews and imports."""

    is_stored = False

    def _write(self, key: Any) -> None:
        """Store nothing."""


class BlankState(TransientState):
    """Transient state that starts empty for each user, for a preview as a learner in a group."""

    def _read(self, row: dict[str, Any], key: Any) -> dict[str, Any]:
        return super()._read(row, key) if key.user_id is None else {}


def _can_be_stored(key: Any) -> bool:
    """Return False for the state of an anonymous user, or of a user id that cannot be stored."""
    if key.user_id is None:
        return bool(key.scope.user == UserScope.ALL)
    return flaw_of(key.user_id) is None


def _is_exactly(found: XBlockState, row: dict[str, Any]) -> bool:
    return all(getattr(found, name) == value for name, value in row.items())


def _row_of(key: Any) -> dict[str, Any]:
    """Return the columns that identify the row. The SDK's admin pages show and filter by them."""
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
