"""The file that says who has which pseudonym. The operator keeps it."""

from __future__ import annotations

import csv
from pathlib import Path

from xblock_experiments.research.pseudonyms import PEOPLE
from xblock_experiments.research.verification.sources import Unreadable, readable


def read_people(path: Path) -> dict[str, str]:
    """Return user ids by pseudonym. Raises Unreadable."""
    try:
        with readable(), path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file, strict=True)
            if tuple(next(rows, ())) != PEOPLE:
                msg = f"its first line must be {','.join(PEOPLE)}"
                raise Unreadable(msg)
            return dict(rows)
    except (csv.Error, ValueError) as error:
        msg = f"it must have two columns as CSV in UTF-8 ({error})"
        raise Unreadable(msg) from error
