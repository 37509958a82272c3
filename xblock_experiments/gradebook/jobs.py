"""The kinds of jobs of the gradebook: one for each report."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from django.utils.translation import gettext_noop

from xblock_experiments.gradebook.data import NoStructure
from xblock_experiments.gradebook.report_files import count_rows, write_report_file
from xblock_experiments.gradebook.reports import REPORTS
from xblock_experiments.jobs.data import CannotBeDone
from xblock_experiments.jobs.kinds import Form, Kind, Progress, Write

NO_STRUCTURE = gettext_noop("The course has no graded content yet. Open it once, then try again.")
_TEXTS: Mapping[str, tuple[str, str]] = {
    "grades": (
        gettext_noop("Grades"),
        gettext_noop(
            "One row for each learner: the grade, each graded lesson, and the group in each "
            "experiment."
        ),
    ),
    "problems": (
        gettext_noop("Points in problems"),
        gettext_noop("One row for each learner: earned and possible points in each problem."),
    ),
    "assignments": (
        gettext_noop("Assignments"),
        gettext_noop("One row for each time that a learner entered, changed or left a group."),
    ),
    "exposures": (
        gettext_noop("Exposures"),
        gettext_noop("One row for each time that a learner was first shown a group's content."),
    ),
}
"""The name of each report, and a sentence about its contents."""


def kinds() -> tuple[Kind, ...]:
    """Return the kinds, in the order of the reports."""
    return tuple(map(_kind, REPORTS))


def _kind(name: str) -> Kind:
    label, help = _TEXTS[name]
    return Kind(name=name, label=label, help=help, forms=_forms(name))


def _forms(name: str) -> tuple[Form, ...]:
    return (
        Form(
            name="csv",
            label=gettext_noop("CSV"),
            suffix=".csv",
            media_type="text/csv; charset=utf-8",
            write=_writes(name, "csv"),
        ),
        Form(
            name="spreadsheet",
            label=gettext_noop("CSV for spreadsheets"),
            suffix=".csv",
            media_type="text/csv; charset=utf-8",
            write=_writes(name, "csv", with_bom=True),
        ),
        Form(
            name="json",
            label=gettext_noop("Lines of JSON"),
            suffix=".jsonl",
            media_type="application/jsonl; charset=utf-8",
            write=_writes(name, "json"),
        ),
    )


def _writes(name: str, format: str, *, with_bom: bool = False) -> Write:
    return partial(_write, name, format, with_bom)


def _write(
    name: str, format: str, with_bom: bool, course_id: str, path: Path, progress: Progress
) -> None:
    total = count_rows(name, course_id, on_learner=progress.alive)
    if total is not None:
        progress.expect(total)
    try:
        write_report_file(
            path,
            name,
            course_id,
            format=format,
            with_bom=with_bom,
            on_row=progress.step,
            on_learner=progress.alive,
        )
    except NoStructure as error:
        raise CannotBeDone(NO_STRUCTURE) from error
