"""Files of reports, as the command and the jobs write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from xblock_experiments.gradebook.api import write_report
from xblock_experiments.gradebook.learners import watched_learners_of
from xblock_experiments.gradebook.reports import ROW_A_LEARNER


def count_rows(name: str, course_id: str, *, on_learner: Callable[[], object]) -> int | None:
    """Return the number of rows of a report, or None if only writing it tells.

    The function is called for each learner who is counted. An error that it raises ends the count.
    """
    if name not in ROW_A_LEARNER:
        return None
    return sum(1 for _ in watched_learners_of(course_id, on_learner))


def write_report_file(
    path: Path,
    name: str,
    course_id: str,
    *,
    format: str,
    with_bom: bool,
    on_row: Callable[[], object],
    on_learner: Callable[[], object],
) -> int:
    """Write a report to a file, and return the number of rows. Raises as `write_report` does.

    CSV ends its lines itself, and text that is not UTF-8 is written as escapes.
    """
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as out:
        return write_report(
            name,
            course_id,
            out,
            format=format,
            with_bom=with_bom,
            on_row=on_row,
            on_learner=on_learner,
        )
