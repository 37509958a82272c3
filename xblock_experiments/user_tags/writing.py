"""Writes of tags, as single statements that check their own conditions.

Each statement writes a random stamp. A row with another stamp afterwards was not written by it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db import connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from xblock_experiments.database.sql import Question, Upsert
from xblock_experiments.retired import api as retired
from xblock_experiments.user_tags.data import MAX_DIGITS, NULL
from xblock_experiments.user_tags.models import Tag

_KEY = ("user_id", "course_id", "key")
_VALUES = ("stamp", "modified", "value")
"""The written columns. The value comes last, because each condition reads the stored one."""
_FIELDS = {field.name: field for field in Tag._meta.concrete_fields if not field.primary_key}


class Dialect(NamedTuple):
    """The parts of the statements in which databases differ."""

    old: str
    """The present value, for an exact comparison."""
    new: str
    matches: str
    integer: str
    text: str


_TABLE = Tag._meta.db_table
_DIALECTS = {
    "postgresql": Dialect(f"{_TABLE}.value", "excluded.value", "~", "BIGINT", "TEXT"),
    "sqlite": Dialect(f"{_TABLE}.value", "excluded.value", "REGEXP", "INTEGER", "TEXT"),
    "mysql": Dialect("BINARY value", "VALUES(value)", "REGEXP", "SIGNED", "CHAR"),
}

_SUM = "CAST({old} AS {integer}) + CAST({new} AS {integer})"
_IS_COUNTABLE = f"""
    CASE WHEN {{old}} {{matches}} '^-?(0|[1-9][0-9]{{{{0,{MAX_DIGITS - 1}}}}})$'
    THEN ABS({_SUM}) < {10**MAX_DIGITS} ELSE FALSE END
"""
"""The condition for counters.

It is a CASE, because a database may evaluate a plain AND in any order, and fail to cast text.
"""


def put(tag: Tag, using: str) -> bool:
    """Write the value, and return whether that changed the row."""
    return _upsert(tag, "{new}", condition="{old} <> {new}", using=using) is not None


def put_if_missing(tag: Tag, using: str) -> bool:
    """Write the value over no tag or a null, and return whether it was written."""
    return _upsert(tag, "{new}", condition=f"{{old}} = '{NULL}'", using=using) is not None


def add(tag: Tag, using: str) -> str | None:
    """Add to the counter, and return its text, or None if it is no counter or would overflow."""
    return _upsert(tag, f"CAST({_SUM} AS {{text}})", condition=_IS_COUNTABLE, using=using)


def replace(tag: Tag, before: str, using: str) -> bool:
    """Replace the value `before`, and return whether it was there."""
    connection = connections[using]
    _touch(tag)
    old = _DIALECTS[connection.vendor].old
    changes = ", ".join(f"{name} = %s" for name in _VALUES)
    place = " AND ".join(f"{_quoted(name, connection)} = %s" for name in _KEY)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_TABLE} SET {changes} WHERE {place} AND {old} = %s",  # noqa: S608 - constants
            [*_values_of(tag, _VALUES, connection), *_values_of(tag, _KEY, connection), before],
        )
        return bool(cursor.rowcount)


def delete(tag: Tag, using: str) -> bool:
    """Delete the tag, and return whether it existed."""
    return bool(_stored(tag, using).delete()[0])


def text_of(tag: Tag, using: str) -> str | None:
    """Return the present value, or None."""
    return _stored(tag, using).values_list("value", flat=True).first()


def _upsert(tag: Tag, value: str, *, condition: str, using: str) -> str | None:
    """Return the written value, or None if the condition does not hold for the present row.

    Raises RetiredUser, and then no row is left.
    """
    connection = connections[using]
    _touch(tag)
    dialect = _DIALECTS[connection.vendor]._asdict()
    upsert = Upsert(_TABLE, _KEY, connection)
    changes = {name: upsert.new(name) for name in _VALUES} | {"value": value.format(**dialect)}
    sql = upsert.statement(list(_FIELDS), changes, condition.format(**dialect))
    question = retired.ask([tag.user_id], using)
    written = _execute(tag, sql, _values_of(tag, _FIELDS, connection), question, connection)
    if written and written[2]:
        retired.refuse(Tag, tag.user_id, using)
    return written[0] if written and written[1] == tag.stamp else None


def _execute(
    tag: Tag,
    sql: str,
    values: Sequence[Any],
    question: Question,
    connection: BaseDatabaseWrapper,
) -> tuple[str, int, bool] | None:
    """Return the row's value and stamp and the answer, or None if the row was left unchanged."""
    if not connection.features.can_return_columns_from_insert:
        return _execute_and_read(tag, sql, values, question, connection)
    with connection.cursor() as cursor:
        returning = f"RETURNING value, stamp, {question.sql}"
        cursor.execute(f"{sql} {returning}", [*values, *question.parameters])
        row: tuple[str, int, bool] | None = cursor.fetchone()
        return row


def _execute_and_read(
    tag: Tag,
    sql: str,
    values: Sequence[Any],
    question: Question,
    connection: BaseDatabaseWrapper,
) -> tuple[str, int, bool] | None:
    """Write and read in one transaction, because MySQL cannot return the written row."""
    with transaction.atomic(connection.alias), connection.cursor() as cursor:
        cursor.execute(sql, values)
        cursor.execute(f"SELECT {question.sql}", question.parameters)
        (answer,) = cursor.fetchone()
        row = _stored(tag, connection.alias).values_list("value", "stamp").first()
        return row and (*row, answer)


def _stored(tag: Tag, using: str) -> models.QuerySet[Tag]:
    place = {name: getattr(tag, name) for name in _KEY}
    return Tag.objects.using(using).filter(**place)


def _touch(tag: Tag) -> None:
    tag.modified, tag.stamp = timezone.now(), secrets.randbits(63)


def _values_of(tag: Tag, names: Iterable[str], connection: BaseDatabaseWrapper) -> list[Any]:
    fields = (_FIELDS[name] for name in names)
    return [field.get_db_prep_save(getattr(tag, field.attname), connection) for field in fields]


def _quoted(name: str, connection: BaseDatabaseWrapper) -> str:
    return connection.ops.quote_name(name)
