"""The file that says who has which pseudonym. The operator keeps it."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from xblock_experiments.research.pseudonyms import PEOPLE
from xblock_experiments.research.verification.sources import Unreadable, readable


def read_people(path: Path) -> dict[str, str]:
    """Return user ids by pseudonym. Raises Unreadable, also if one of either is there twice."""
    # A spreadsheet that saves the file can put a byte order mark before it.
    with readable(), path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, strict=True)
        try:
            if tuple(next(rows, ())) != PEOPLE:
                msg = f"its first line must be {','.join(PEOPLE)}"
                raise Unreadable(msg)
            return _unique(rows)
        except (csv.Error, ValueError) as error:
            msg = f"it must have two columns as CSV in UTF-8 ({error})"
            raise Unreadable(msg) from error


def _unique(rows: Iterable[list[str]]) -> dict[str, str]:
    people: dict[str, str] = {}
    user_ids: set[str] = set()
    for pseudonym, user_id in rows:
        if pseudonym in people or user_id in user_ids:
            msg = f"the row of {pseudonym!r} repeats a pseudonym or a user id"
            raise Unreadable(msg)
        people[pseudonym] = user_id
        user_ids.add(user_id)
    return people
