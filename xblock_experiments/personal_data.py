"""What is kept of a person: each store says what it has, and all is given out or goes at once.

The stores are not known here. Their apps register them when they are ready.
"""

from __future__ import annotations

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
"""Of a user, in the order in which they go."""

_BATCH = 1_000
"""How many rows one statement clears."""


def _none(_: str) -> Sequence[QuerySet[Any]]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """What an app keeps of a user, by user id."""

    export: Callable[[str], dict[str, Any]]
    """As JSON, under names that no other store has."""
    owned: Rows
    """What is about the user. It is deleted."""
    acted: Rows = _none
    """What is about others, and names the user as its `actor`. That is cleared."""


_stores: dict[str, Store] = {}


def register(app: str, store: Store) -> None:
    _stores[app] = store


def export(user_id: str) -> dict[str, Any]:
    """All that the stores have of the user, as JSON, in order of names; no name without content."""
    parts: dict[str, Any] = {}
    for store in _stores.values():
        parts |= store.export(user_id)
    return {name: part for name, part in sorted(parts.items()) if part}


def retire(user_id: str) -> int:
    """Delete or clear all that the stores have of the user; how many rows that was.

    In one transaction, where all stores are in one database; else in one for each.
    """
    owned = [rows for store in _stores.values() for rows in store.owned(user_id)]
    acted = [rows for store in _stores.values() for rows in store.acted(user_id)]
    return sum(
        erase(
            [rows for rows in owned if rows.db == database],
            [rows for rows in acted if rows.db == database],
            using=database,
        )
        for database in sorted({rows.db for rows in (*owned, *acted)})
    )


def erase(
    owned: Sequence[QuerySet[Any]], acted: Sequence[QuerySet[Any]] = (), *, using: str
) -> int:
    """Delete and clear rows of one database, all or none; how many that were.

    Raises Overtaken where the caller's transaction cannot see all of them.
    """
    for rows in owned:
        check_all_seen(rows)
    for rows in acted:
        check_all_read(rows)
    return persist(partial(_erase, owned, acted), using=using)


def moment(when: datetime) -> str:
    """ISO 8601, of UTC."""
    return when.astimezone(UTC).isoformat(timespec="microseconds")


def _erase(owned: Sequence[QuerySet[Any]], acted: Sequence[QuerySet[Any]]) -> int:
    """What was acted is found before anything is locked.

    No index finds an actor: whole tables are read, and MariaDB locks all that an update reads.
    """
    found = [list(rows.order_by("pk").values_list("pk", flat=True)) for rows in acted]
    cleared = sum(map(_clear, acted, found))
    return cleared + sum(rows.delete()[0] for rows in owned)


def _clear(rows: QuerySet[Any], keys: Sequence[Any]) -> int:
    """Raises Overtaken where one was changed since: the actor may be elsewhere by now."""
    cleared = sum(rows.filter(pk__in=batch).update(actor="") for batch in batched(keys, _BATCH))
    if cleared < len(keys):
        msg = "rows were changed meanwhile"
        raise Overtaken(msg)
    return cleared
