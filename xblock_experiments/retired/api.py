"""The public interface of retired users: who is retired, and writes that leave these users out.

A write asks in its own statement, and so needs no other query. Reads need not ask, because no data
of retired users is stored. If the answer is yes, the writer deletes the row again.

On a site that does not list the app, nobody is known to be retired, and writes do not ask.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from itertools import batched
from typing import Any, NoReturn

from django.apps import apps
from django.db import connections, models, router, transaction

from xblock_experiments.database.insertion import Row
from xblock_experiments.database.rows import (
    AT_ONCE,
    insert_and_ask,
    insert_if_absent,
    lock_shared,
)
from xblock_experiments.database.sql import NO_QUESTION, Question, placeholders
from xblock_experiments.database.transactions import persist
from xblock_experiments.database.waiting import wait_for_writers_with
from xblock_experiments.errors import RetiredUser
from xblock_experiments.retired.hashing import check_key, digest_of
from xblock_experiments.retired.models import RetiredHash

__all__ = [
    "ask",
    "check",
    "insert",
    "is_listed",
    "name_of",
    "refuse",
    "retire",
    "retired_among",
]

_APP = "xblock_experiments.retired"
_TABLE = RetiredHash._meta.db_table


def is_listed() -> bool:
    """Return whether the site lists the app, and so keeps the hashes of retired users."""
    return apps.is_installed(_APP)


def retired_among(user_ids: Iterable[str]) -> frozenset[str]:
    """Return those of the users who are retired. One query for each thousand users.

    The query locks the rows, because under REPEATABLE READ MariaDB shows only then what is newer
    than the transaction, as it does to statements that write.
    """
    if not is_listed():
        return frozenset()
    users = {digest_of(user_id): user_id for user_id in user_ids}
    rows = RetiredHash.objects.using(_using()).values_list("digest")
    pages = (lock_shared(rows.filter(digest__in=some)) for some in batched(users, AT_ONCE))
    return frozenset(users[digest] for page in pages for (digest,) in page)


def check(user_ids: Collection[str]) -> None:
    """Raise RetiredUser if any of the users is retired."""
    if user_ids and (gone := retired_among(user_ids)):
        raise RetiredUser(gone)


def name_of(actor: str) -> str:
    """Return the id of a member of staff, or "" for a retired one."""
    return "" if actor and retired_among([actor]) else actor


def ask(user_ids: Collection[str], using: str) -> Question:
    """Return the question whether any of the users is retired, as a part of a statement.

    A statement on another database than that of the hashes gets the answer instead.
    """
    if not is_listed():
        return NO_QUESTION
    if using != _using():
        return Question("TRUE" if retired_among(user_ids) else "FALSE", [])
    digests = [digest_of(user_id) for user_id in user_ids]
    # psycopg parses each placeholder in Python, so PostgreSQL receives many hashes as an array.
    if len(digests) > 1 and connections[using].vendor == "postgresql":
        return Question(_asked("= ANY(%s)"), [digests])
    return Question(_asked(f"IN {placeholders(digests)}"), digests)


def insert(model: type[models.Model], rows: Sequence[Row]) -> list[Row]:
    """Insert rows as `insert_if_absent` does, but none of retired users."""
    user_ids = {row["user_id"] for row in rows}
    if not user_ids:
        return []
    using = router.db_for_write(model)
    inserted, is_any_retired = insert_and_ask(model, rows, ask(user_ids, using))
    if not is_any_retired:
        return inserted
    gone = retired_among(user_ids)
    _delete(model, gone, using)
    return [row for row in inserted if row["user_id"] not in gone]


def refuse(model: type[models.Model], user_id: str, using: str) -> NoReturn:
    """Delete the row that a statement has just written about a retired user. Raises RetiredUser."""
    _delete(model, [user_id], using)
    raise RetiredUser([user_id])


def retire(user_id: str, erase: Callable[[], int]) -> int:
    """Store the user's hash and erase the user's data, both or neither. Return `erase`'s result.

    Others may have written before they could see the hash. So once it is committed and their
    transactions have ended, the data is erased again.

    Raises ImproperlyConfigured without a key, and then changes nothing.
    """
    if not is_listed():
        return erase()
    check_key()
    count = persist(partial(_retire, user_id, erase), using=_using())
    transaction.on_commit(partial(_erase_again, erase), using=_using())
    return count


def _retire(user_id: str, erase: Callable[[], int]) -> int:
    insert_if_absent(RetiredHash, [{"digest": digest_of(user_id)}])
    return erase()


def _erase_again(erase: Callable[[], int]) -> None:
    wait_for_writers_with(RetiredHash, using=_using())
    erase()


def _delete(model: type[models.Model], user_ids: Collection[str], using: str) -> None:
    """Delete all rows of the retired users, who must not have any."""
    rows: Any = model._default_manager.using(using)
    rows.filter(user_id__in=user_ids).delete()


def _asked(condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM {_TABLE} WHERE digest {condition})"  # noqa: S608 - constants


def _using() -> str:
    return router.db_for_write(RetiredHash)
