"""Reports of a course for its staff and for researchers.

Each is a function of the course and its learners that returns a table. Its rows are computed a
thousand learners at a time, so memory stays flat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from xblock_experiments.gradebook.assignment_report import assignment_report
from xblock_experiments.gradebook.exposure_report import exposure_report
from xblock_experiments.gradebook.grade_report import grade_report
from xblock_experiments.gradebook.problem_report import problem_report
from xblock_experiments.gradebook.tables import Table

REPORTS: Mapping[str, Callable[[str, Iterable[str]], Table]] = {
    "grades": grade_report,
    "problems": problem_report,
    "assignments": assignment_report,
    "exposures": exposure_report,
}
"""The reports by their names in commands, addresses and file names."""
ROW_A_LEARNER = frozenset({"grades", "problems"})
"""The reports with one row for each learner."""
