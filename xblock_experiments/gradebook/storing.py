"""Recording of a score: the score that counts, and its history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from xblock_experiments.database.sql import Question, Upsert
from xblock_experiments.database.transactions import persist
from xblock_experiments.errors import RetiredUser
from xblock_experiments.gradebook import models
from xblock_experiments.gradebook.data import Score
from xblock_experiments.retired import api as retired

type Place = tuple[str, str, str]
"""The ids of a course, a user and a block."""

_KEY = ("course_id", "user_id", "usage_id")
_FIELDS = [field for field in models.Score._meta.concrete_fields if not field.primary_key]


def store(place: Place, score: Score, *, only_if_higher: bool) -> None:
    """Store the score and its history together, and repeat if another transaction was preferred.

    Raises RetiredUser, and then stores nothing.

    Inside the caller's transaction it is tried only once, because a repeated attempt would fail in
    the same way.
    """
    using = router.db_for_write(models.Score)
    persist(partial(_record, place, score, only_if_higher, using), using=using)


def _record(place: Place, score: Score, only_if_higher: bool, using: str) -> None:
    _count_call(place, score.recorded, connections[using])
    scores = models.Score.objects.using(using).select_for_update()
    row = scores.get(**dict(zip(_KEY, place, strict=True)))
    # Taken with the lock, so that the history is in the order of time.
    score = replace(score, recorded=timezone.now())
    counts = not only_if_higher or row.number == 0 or score.fraction > row.fraction
    if _is_last(row, score) and (row.number == row.last_number or not counts):
        return
    _append(row, score, counts=counts)


def _count_call(place: Place, now: datetime, connection: BaseDatabaseWrapper) -> None:
    """Add one to the calls, in a new row if there is none. Locks the row.

    One statement: a transaction that looks for the row first can deadlock with one that also does,
    because both then lock the place of the new row.
    """
    upsert = Upsert(models.Score._meta.db_table, _KEY, connection)
    sql = upsert.statement(
        [field.name for field in _FIELDS], {"calls": f"{upsert.old('calls')} + 1"}, "TRUE"
    )
    row = models.Score(
        **dict(zip(_KEY, place, strict=True)), earned=0, possible=0, fraction=0, recorded=now
    )
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in _FIELDS]
    _, user_id, _ = place
    if _execute(sql, values, retired.ask([user_id], connection.alias), connection):
        # The transaction is rolled back, and with it the row.
        raise RetiredUser([user_id])


def _execute(
    sql: str, values: Sequence[Any], question: Question, connection: BaseDatabaseWrapper
) -> bool:
    """Execute a statement that writes a row, and return the answer to the question."""
    with connection.cursor() as cursor:
        if connection.features.can_return_columns_from_insert:
            cursor.execute(f"{sql} RETURNING {question.sql}", [*values, *question.parameters])
        else:
            cursor.execute(sql, values)
            cursor.execute(f"SELECT {question.sql}", question.parameters)
        (answer,) = cursor.fetchone()
    return bool(answer)


def _is_last(row: models.Score, score: Score) -> bool:
    last = (row.last_earned, row.last_possible)
    return row.last_number > 0 and last == (score.earned, score.possible)


def _append(row: models.Score, score: Score, *, counts: bool) -> None:
    """Add the score to the history, and let it count if `counts`."""
    row.last_number += 1
    row.last_earned, row.last_possible = score.earned, score.possible
    if counts:
        row.number, row.recorded = row.last_number, score.recorded
        row.earned, row.possible, row.fraction = score.earned, score.possible, score.fraction
    row.save(force_update=True)
    models.RecordedScore.objects.using(row._state.db).create(
        score=row,
        user_id=row.user_id,
        number=row.last_number,
        earned=score.earned,
        possible=score.possible,
        recorded=score.recorded,
        counted=counts,
    )
