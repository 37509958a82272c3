"""The reference of the reports, compared with their columns."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders import COURSE_ID, experiment
from tests.test_grades_of_learners import structure
from xblock_experiments.course_user_segmentation.api import save_segmentations
from xblock_experiments.gradebook.api import save_structure
from xblock_experiments.gradebook.learners import learners_of
from xblock_experiments.gradebook.reports import REPORTS
from xblock_experiments.gradebook.structure import CourseStructure

pytestmark = [pytest.mark.django_db, pytest.mark.one_django]

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "reports.rst"


def described(report: str) -> dict[str, str]:
    """Return the descriptions of the report's columns by name, in the order of the page."""
    (section,) = re.findall(
        rf"^\*+\n\n``{report}`` has a row (.*?)(?=^\*+$|\Z)", PAGE.read_text(), re.DOTALL | re.M
    )
    found = re.findall(r"^``(.+)``\n((?: {4}.*\n)+)", section, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found}


def course() -> CourseStructure:
    """Return a course with one sequence and one problem, named as the page names them."""
    whole = structure(1, 2, common="<problem>")
    (sequence,) = whole.sequences
    named = replace(
        sequence,
        display_name="<sequence>",
        format="<assignment type>",
        blocks=sequence.blocks[:1],
    )
    return replace(whole, sequences=(named,))


@pytest.mark.parametrize("report", REPORTS)
def test_each_column_is_described_in_its_order_and_as_the_code_explains_it(report: str) -> None:
    save_segmentations(COURSE_ID, [experiment(100, 1, 2, name="<experiment>")])
    save_structure(course(), ["common"])
    table = REPORTS[report](COURSE_ID, learners_of(COURSE_ID))
    descriptions = described(report)

    assert list(descriptions) == table.names
    for column in table.columns:
        assert descriptions[column.name].startswith(column.help)
