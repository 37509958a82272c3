"""Where the platform's rows are read from: its database, or its table as a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseFault
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from xblock_experiments.platform.data import Row, UnreadableSource

_TABLE = "user_api_usercoursetag"
_COLUMNS = ("user_id", "course_id", "key", "value")
_PAGE = 5_000
_LONGEST_CELL = 2**20


@dataclass(frozen=True, slots=True)
class Source:
    """Rows in the order of their ids, each read when it is asked for: so late come its errors."""

    total: int
    """About how many rows there are."""
    rows: Iterator[Row]


@contextmanager
def opened(source: str, *, after: int) -> Iterator[Source]:
    """The rows after that id, of a database's URL or a CSV file's path.

    Raises UnreadableSource, which never tells the URL: it holds a password.
    """
    if "://" in source:
        with _connected(source) as connection:
            yield Source(_count_rows(connection, after), _rows_of_table(connection, after))
    else:
        path = Path(source)
        yield Source(_count_lines(path) - after, _rows_of_csv(path, after))


@contextmanager
def _connected(url: str) -> Iterator[BaseDatabaseWrapper]:
    try:
        settings: dict[str, Any] = {**dj_database_url.parse(url)}
        if settings["ENGINE"].endswith("sqlite3"):
            # Else SQLite would make a database that is not there.
            settings["NAME"] = f"{Path(settings['NAME']).absolute().as_uri()}?mode=ro"
        # Of a handler of its own: no router, migration or transaction of the site comes near it.
        connection = ConnectionHandler({"default": settings})["default"]
    except (ImproperlyConfigured, ValueError) as error:
        msg = f"That is no URL of a database that can be read. {error}"
        raise UnreadableSource(msg) from error
    try:
        yield connection
    finally:
        connection.close()


def _count_rows(connection: BaseDatabaseWrapper, after: int) -> int:
    sql = f"SELECT COUNT(*) FROM {_TABLE} WHERE id > %s"  # noqa: S608 - of a constant
    ((count,),) = _fetch(connection, sql, [after])
    return int(count)


def _rows_of_table(connection: BaseDatabaseWrapper, after: int) -> Iterator[Row]:
    """A page at a time: clients of databases take all of a query's result into memory."""
    columns = ", ".join(map(connection.ops.quote_name, ("id", *_COLUMNS)))
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
        msg = f"The platform's database does not give its {_TABLE}: {str(error).strip()}."
        raise UnreadableSource(msg) from error


def _count_lines(path: Path) -> int:
    try:
        with path.open("rb") as file:
            return sum(part.count(b"\n") for part in iter(partial(file.read, 2**20), b""))
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror or error}."
        raise UnreadableSource(msg) from error


def _rows_of_csv(path: Path, after: int) -> Iterator[Row]:
    limit = csv.field_size_limit(_LONGEST_CELL)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        try:
            columns = _columns(next(reader, []))
            for cells in reader:
                if reader.line_num > after and cells:
                    yield Row(reader.line_num, *_texts(cells, columns))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            msg = f"{path} cannot be read further than line {reader.line_num}: {error}."
            raise UnreadableSource(msg) from error
        finally:
            csv.field_size_limit(limit)


def _columns(header: list[str]) -> list[int]:
    missing = [name for name in _COLUMNS if name not in header]
    if missing:
        msg = f"The file's first line must name its columns; it does not name {', '.join(missing)}."
        raise UnreadableSource(msg)
    return [header.index(name) for name in _COLUMNS]


def _texts(cells: list[str], columns: list[int]) -> Sequence[str]:
    """Of a line that ends too early nothing is believed."""
    return [cells[column] if len(cells) > max(columns) else "" for column in columns]
