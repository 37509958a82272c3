"""The reader of the platform's rows from its database."""

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

from xblock_experiments.olx.sentences import shown
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
        # A separate handler keeps the site's routers, migrations and transactions away from it.
        connection = ConnectionHandler({"default": _settings(url)})["default"]
    except (ImproperlyConfigured, ValueError) as error:
        msg = f"This is not the URL of a supported database. {shown(error)}"
        raise UnreadableSource(msg) from error
    try:
        yield connection
    finally:
        connection.close()


def _settings(url: str) -> dict[str, Any]:
    """Return Django's settings for the database. Raises ValueError."""
    settings: dict[str, Any] = {**dj_database_url.parse(url)}
    if settings["ENGINE"] not in _ENGINES:
        msg = "It must begin with sqlite://, postgres:// or mysql://."
        raise ValueError(msg)
    if settings["ENGINE"].endswith("sqlite3"):
        # Open read-only: SQLite would otherwise create a missing database.
        settings["NAME"] = f"{Path(settings['NAME']).absolute().as_uri()}?mode=ro"
    return settings


def _count_rows(connection: BaseDatabaseWrapper, after: int) -> int:
    sql = f"SELECT COUNT(*) FROM {_TABLE} WHERE id > %s"  # noqa: S608 - of a constant
    ((count,),) = _fetch(connection, sql, [after])
    return int(count)


def _rows(connection: BaseDatabaseWrapper, after: int) -> Iterator[Row]:
    """Yield rows page by page, because database clients load a whole result into memory."""
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
        msg = f"Cannot read {_TABLE} from the platform's database: {said}."
        raise UnreadableSource(msg) from error
