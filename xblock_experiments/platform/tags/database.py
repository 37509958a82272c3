"""The platform's rows, read from its database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseFault
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from xblock_experiments.olx.untrusted import shown
from xblock_experiments.platform.tags.data import Row, Source, UnreadableSource

_TABLE = "user_api_usercoursetag"
_COLUMNS = ("id", "user_id", "course_id", "key", "value")
_PAGE = 5_000
_ENGINES = {f"django.db.backends.{name}" for name in ("mysql", "postgresql", "sqlite3")}


@contextmanager
def opened_database(url: str, *, after: int) -> Iterator[Source]:
    with _connected(url) as connection:
        yield Source(_count_rows(connection, after), _rows(connection, after))


@contextmanager
def _connected(url: str) -> Iterator[BaseDatabaseWrapper]:
    try:
        # Of a handler of its own: no router, migration or transaction of the site comes near it.
        connection = ConnectionHandler({"default": _settings(url)})["default"]
    except (ImproperlyConfigured, ValueError) as error:
        msg = f"That is no URL of a database that can be read. {shown(error)}"
        raise UnreadableSource(msg) from error
    try:
        yield connection
    finally:
        connection.close()


def _settings(url: str) -> dict[str, Any]:
    """Raises ValueError."""
    settings: dict[str, Any] = {**dj_database_url.parse(url)}
    if settings["ENGINE"] not in _ENGINES:
        msg = "It must begin with sqlite://, postgres:// or mysql://."
        raise ValueError(msg)
    if settings["ENGINE"].endswith("sqlite3"):
        # Else SQLite would make a database that is not there.
        settings["NAME"] = f"{Path(settings['NAME']).absolute().as_uri()}?mode=ro"
    return settings


def _count_rows(connection: BaseDatabaseWrapper, after: int) -> int:
    sql = f"SELECT COUNT(*) FROM {_TABLE} WHERE id > %s"  # noqa: S608 - of a constant
    ((count,),) = _fetch(connection, sql, [after])
    return int(count)


def _rows(connection: BaseDatabaseWrapper, after: int) -> Iterator[Row]:
    """A page at a time: clients of databases take all of a query's result into memory."""
    columns = ", ".join(map(connection.ops.quote_name, _COLUMNS))
    sql = f"SELECT {columns} FROM {_TABLE} WHERE id > %s ORDER BY id LIMIT {_PAGE}"  # noqa: S608
    page = _fetch(connection, sql, [after])
    while page:
        for id, *texts in page:
            yield Row(id, *map(str, texts))
        page = _fetch(connection, sql, [page[-1][0]])


def _fetch(connection: BaseDatabaseWrapper, sql: str, params: list[int]) -> list[tuple[Any, ...]]:
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return list(cursor.fetchall())
    except DatabaseFault as error:
        said = shown(str(error).strip())
        msg = f"The platform's database does not give its {_TABLE}: {said}."
        raise UnreadableSource(msg) from error
