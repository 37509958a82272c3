"""The registry of stores with personal data, and the export and deletion of one user's data.

This module knows no store. Each app registers its store when it is ready.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import batched
from typing import Any

from django.db.models import QuerySet

from xblock_experiments.database.rows import check_all_read, check_all_seen
from xblock_experiments.database.transactions import Overtaken, persist

type Rows = Callable[[str], Sequence[QuerySet[Any]]]
"""A function that returns a user's rows, in the order of their deletion."""

_BATCH = 1_000
"""The number of rows that one statement clears."""


def _none(_: str) -> Sequence[QuerySet[Any]]:
    return ()


def _nothing(_: str) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """One app's functions for a user's personal data."""

    export: Callable[[str], dict[str, Any]]
    """Returns the user's data as JSON, under names that no other store uses."""
    owned: Rows
    """Returns rows about the user, which are deleted at retirement."""
    acted: Rows = _none
    """Returns rows about others with the user as `actor`, which is cleared at retirement."""
    prepare: Callable[[str], None] = _nothing
    """Prepares the deletion in its transaction.

    It adds the rows to counts that name nobody, or withdraws files that may have the user's data.
    """


_stores: dict[str, Store] = {}


def register(app: str, store: Store) -> None:
    _stores[app] = store


def export(user_id: str) -> dict[str, Any]:
    """Return all stores' data about the user as JSON, sorted by name, without empty parts."""
    parts: dict[str, Any] = {}
    for store in _stores.values():
        parts |= store.export(user_id)
    return {name: part for name, part in sorted(parts.items()) if part}


def has_any(user_id: str) -> bool:
    """Return whether any store has data about the user."""
    return any(rows.exists() for store in _stores.values() for rows in store.owned(user_id))


def retire(user_id: str) -> int:
    """Erase all stores' data about the user, and return the number of rows.

    Uses one transaction for each database.
    """
    databases: dict[str, list[Store]] = defaultdict(list)
    for store in _stores.values():
        databases[store.owned(user_id)[0].db].append(store)
    return sum(erase(user_id, *stores) for _, stores in sorted(databases.items()))


def erase(user_id: str, *stores: Store) -> int:
    """Delete and clear the user's rows in stores of one database, all or none.

    Returns the number of rows. Raises Overtaken if the caller's transaction cannot see all of them.
    """
    owned = [rows for store in stores for rows in store.owned(user_id)]
    acted = [rows for store in stores for rows in store.acted(user_id)]
    for rows in owned:
        check_all_seen(rows)
    for rows in acted:
        check_all_read(rows)
    preparations = [partial(store.prepare, user_id) for store in stores]
    return persist(partial(_erase, preparations, owned, acted), using=owned[0].db)


def moment(when: datetime) -> str:
    """Return the time in UTC, in ISO 8601."""
    return when.astimezone(UTC).isoformat(timespec="microseconds")


def _erase(
    preparations: Sequence[Callable[[], None]],
    owned: Sequence[QuerySet[Any]],
    acted: Sequence[QuerySet[Any]],
) -> int:
    """Erase the rows. Reads the keys of rows to clear before it locks any row.

    No index covers actors, so these reads scan whole tables, and MariaDB would lock every row that
    an update scans.
    """
    found = [list(rows.order_by("pk").values_list("pk", flat=True)) for rows in acted]
    cleared = sum(map(_clear, acted, found))
    for prepare in preparations:
        prepare()
    return cleared + sum(rows.delete()[0] for rows in owned)


def _clear(rows: QuerySet[Any], keys: Sequence[Any]) -> int:
    """Clear the actor. Raises Overtaken if a row has changed since its key was read."""
    cleared = sum(rows.filter(pk__in=batch).update(actor="") for batch in batched(keys, _BATCH))
    if cleared < len(keys):
        msg = "rows were changed by another transaction"
        raise Overtaken(msg)
    return cleared
