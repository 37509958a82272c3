"""The public interface of the gradebook: learners' scores in blocks, and their grades.

Scores are in the block's own points. Whoever computes grades applies the weight that the author
gave to the block, so edits of the weight never make stored scores wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from typing import TextIO

from django.utils import timezone

from xblock_experiments.database.transactions import reports_faults
from xblock_experiments.gradebook import reading, structures
from xblock_experiments.gradebook.account import Account, account_of
from xblock_experiments.gradebook.data import (
    CourseGrade,
    InvalidScoreId,
    NoSuchReport,
    Score,
    ScoreHistory,
    as_points,
)
from xblock_experiments.gradebook.grading import grades_of, present_blocks_of
from xblock_experiments.gradebook.learners import learners_of, watched_learners_of
from xblock_experiments.gradebook.personal_data import retire_scores
from xblock_experiments.gradebook.progress import Progress, progress_of
from xblock_experiments.gradebook.reports import REPORTS
from xblock_experiments.gradebook.storing import store
from xblock_experiments.gradebook.structure import CourseStructure
from xblock_experiments.gradebook.tables import BOM, FORMATS, watched
from xblock_experiments.keys.ids import flaw_of

__all__ = [
    "get_account",
    "get_given_blocks",
    "get_grade",
    "get_grades",
    "get_learners",
    "get_progress",
    "get_score_histories_of",
    "get_score_history",
    "get_scores",
    "get_scores_of",
    "get_structure",
    "record_score",
    "retire_user",
    "save_structure",
    "write_grade_report",
    "write_report",
]


@reports_faults
def record_score(
    course_id: str,
    user_id: str,
    usage_id: str,
    earned: float,
    possible: float,
    *,
    only_if_higher: bool = False,
) -> None:
    """Store the score, which counts from now on. Pass raw points, without the block's weight.

    With `only_if_higher`, the previous score goes on counting unless the new score is a greater
    fraction of the possible points. Of concurrent calls the highest score wins.

    The earlier scores stay in the history. A score that is equal to the last one adds nothing to
    it. Raises RetiredUser or InvalidScore, and then stores nothing. InvalidScore is raised for
    points or ids that cannot be stored, and for a block that the course has never had, if the
    course's structure is known.
    """
    _check_id(course_id, "course")
    _check_id(user_id, "user")
    _check_id(usage_id, "block")
    score = Score(
        usage_id=usage_id,
        earned=as_points(earned, "earned"),
        possible=as_points(possible, "possible"),
        recorded=timezone.now(),
    )
    structures.check_known(course_id, usage_id)
    store((course_id, user_id, usage_id), score, only_if_higher=only_if_higher)


@reports_faults
def get_scores(course_id: str, user_id: str, *, at: datetime | None = None) -> dict[str, Score]:
    """Return the user's scores in the course by usage id, sorted by usage id. One query.

    With `at`, return the scores that counted at that time.
    """
    ((_, scores),) = get_scores_of(course_id, [user_id], at=at)
    return scores


@reports_faults
def get_scores_of(
    course_id: str, user_ids: Iterable[str], *, at: datetime | None = None
) -> Iterator[tuple[str, dict[str, Score]]]:
    """Yield each user's id and scores, in the users' order. One query for 1,000 users.

    With `at`, yield the scores that counted at that time. Users without scores have an empty
    dictionary.
    """
    _check_id(course_id, "course")
    return reading.scores_of(course_id, _checked(user_ids), at)


@reports_faults
def get_score_history(course_id: str, user_id: str) -> dict[str, ScoreHistory]:
    """Return all recorded scores of the user by usage id, sorted by usage id. One query."""
    _check_id(course_id, "course")
    _check_id(user_id, "user")
    ((_, histories),) = get_score_histories_of(course_id, [user_id])
    return histories


@reports_faults
def get_score_histories_of(
    course_id: str, user_ids: Iterable[str]
) -> Iterator[tuple[str, dict[str, ScoreHistory]]]:
    """Yield each user's id and score history, in the users' order. One query for 1,000 users."""
    _check_id(course_id, "course")
    return reading.histories_of(course_id, _checked(user_ids))


@reports_faults
def save_structure(structure: CourseStructure, usage_ids: Collection[str]) -> None:
    """Store the course's structure as a new version, unless it is equal to the last.

    `usage_ids` are those of all blocks in the course, scored or not.
    """
    _check_id(structure.course_id, "course")
    structures.save(structure, usage_ids)


@reports_faults
def get_structure(course_id: str) -> CourseStructure:
    """Return the course's structure as last published. One query. Raises NoStructure."""
    _check_id(course_id, "course")
    return structures.newest(course_id)


@reports_faults
def get_learners(course_id: str) -> Iterator[str]:
    """Yield the ids of the course's learners, as reports have them, each once."""
    _check_id(course_id, "course")
    return _checked(learners_of(course_id))


@reports_faults
def get_given_blocks(
    course_id: str, user_ids: Iterable[str], *, now: datetime | None = None
) -> dict[str, frozenset[str]]:
    """Return the usage ids of the scored blocks that each user is given now, by user id.

    With `now`, start dates are compared with that time. Raises NoStructure.
    """
    _check_id(course_id, "course")
    return present_blocks_of(structures.newest(course_id), list(_checked(user_ids)), now)


@reports_faults
def get_grade(course_id: str, user_id: str) -> CourseGrade:
    """Return the user's grade, from the blocks that the user is given. Assigns nobody.

    Raises NoStructure.
    """
    (grade,) = get_grades(course_id, [user_id])
    return grade


@reports_faults
def get_grades(
    course_id: str, user_ids: Iterable[str], *, now: datetime | None = None
) -> Iterator[CourseGrade]:
    """Yield the users' grades in their order. A constant number of queries for 1,000 users.

    With `now`, start dates are compared with that time. Raises NoStructure.
    """
    _check_id(course_id, "course")
    return grades_of(course_id, _checked(user_ids), now)


@reports_faults
def get_progress(course_id: str, user_id: str) -> Progress:
    """Return what the user is given and has earned. Assigns nobody. Raises NoStructure."""
    _check_id(course_id, "course")
    _check_id(user_id, "user")
    return progress_of(course_id, user_id)


@reports_faults
def get_account(course_id: str, user_id: str) -> Account:
    """Return the user's progress, and for staff what it follows from: groups and moves.

    Assigns nobody. Raises NoStructure.
    """
    _check_id(course_id, "course")
    _check_id(user_id, "user")
    return account_of(course_id, user_id)


@reports_faults
def write_grade_report(course_id: str, out: TextIO) -> int:
    """Write the grade report as CSV to a text stream, and return the number of learners.

    Raises NoStructure.
    """
    return write_report("grades", course_id, out)


@reports_faults
def write_report(
    name: str,
    course_id: str,
    out: TextIO,
    *,
    format: str = "csv",
    with_bom: bool = False,
    on_row: Callable[[], object] | None = None,
    on_learner: Callable[[], object] | None = None,
) -> int:
    """Write a report to a text stream, and return the number of rows.

    `name` is one of grades, problems, assignments and exposures. `format` is csv or json, which
    writes a JSON object a line. `with_bom` makes spreadsheets recognise UTF-8 in CSV. `on_row` is
    called before each row is written, to show progress, and `on_learner` when each learner is read,
    who may have no row. An error that they raise ends the report.

    Raises NoSuchReport, or NoStructure for grades and problems.
    """
    _check_id(course_id, "course")
    if name not in REPORTS or format not in FORMATS:
        msg = f"There is no report {name!r} in the format {format!r}."
        raise NoSuchReport(msg)
    learners = watched_learners_of(course_id, on_learner) if on_learner else learners_of(course_id)
    table = REPORTS[name](course_id, learners)
    if on_row:
        table = watched(table, on_row)
    if with_bom and format == "csv":
        out.write(BOM)
    return FORMATS[format](table, out)


@reports_faults
def retire_user(user_id: str) -> int:
    """Delete all scores of the user in all courses, and return the number of rows.

    No store of this package stores data about the user again.
    """
    _check_id(user_id, "user")
    return retire_scores(user_id)


def _checked(user_ids: Iterable[str]) -> Iterator[str]:
    for user_id in user_ids:
        _check_id(user_id, "user")
        yield user_id


def _check_id(text: str, whose: str) -> None:
    if flaw := flaw_of(text):
        msg = f"The id of a {whose} {flaw}."
        raise InvalidScoreId(msg)
