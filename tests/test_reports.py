"""Reports: who was given what, was assigned when, saw it first where, and earned what."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings

from tests.builders import COURSE_ID, experiment, segmentation
from tests.test_grades_of_learners import BLOCKS, put, score, structure
from xblock_experiments.course_user_segmentation.api import save_segmentations
from xblock_experiments.course_user_segmentation.data import Group
from xblock_experiments.experiments.api import record_exposure
from xblock_experiments.experiments.models import Exposure
from xblock_experiments.gradebook.api import (
    get_grade,
    record_score,
    save_structure,
    write_grade_report,
    write_report,
)
from xblock_experiments.gradebook.data import NoStructure, NoSuchReport
from xblock_experiments.gradebook.tables import Column, Table

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]


@pytest.fixture(autouse=True)
def _course() -> None:
    save_segmentations(COURSE_ID, [experiment(100, 1, 2, 3, name="Style")])
    save_structure(structure(1, 2, 3), ["homework", *BLOCKS])


def report(name: str, **options: Any) -> list[dict[str, str]]:
    out = io.StringIO()
    count = write_report(name, COURSE_ID, out, **options)
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert count == len(rows)
    return rows


def test_the_grade_report_has_grade_sequences_and_the_group_with_its_times() -> None:
    put("ann", 1)
    record_exposure(COURSE_ID, 100, "ann", "split")
    score("ann", "common", 1)

    (row,) = report("grades")

    assert row.pop("Assigned (Style)") < row["First Exposed (Style)"] + "z"
    assert row.pop("First Exposed (Style)").endswith("+00:00")
    assert row == {
        "Student ID": "ann",
        "Grade": "0.5",
        "Letter": "",
        "Homework: Homework": "0.5",
        "Experiment Group (Style)": "Group 1",
        "Version (Style)": "1",
        "First Exposed At (Style)": "split",
    }


def test_the_report_and_the_grade_are_the_same_number() -> None:
    for user_id in ("ann", "bob"):
        put(user_id, 1)
        score(user_id, "arm1", 1 if user_id == "ann" else 0)

    assert [float(row["Grade"]) for row in report("grades")] == [
        get_grade(COURSE_ID, user_id).percent for user_id in ("ann", "bob")
    ]


def test_the_share_of_a_sequence_is_rounded_once() -> None:
    course = structure(1, 2, 3)
    (homework,) = course.sequences
    blocks = [replace(each, weight=3.0) for each in homework.blocks]
    sequences = (replace(homework, blocks=tuple(blocks)),)
    save_structure(replace(course, sequences=sequences), ["homework", *BLOCKS])
    record_score(COURSE_ID, "ann", "common", 3, 7)

    (row,) = report("grades")

    assert row["Grade"] == row["Homework: Homework"] == str(3 / 7)


def test_the_grade_report_and_the_exposure_report_have_the_same_times() -> None:
    put("ann", 1)
    record_exposure(COURSE_ID, 100, "ann", "split")
    # The last microsecond of a second is not rounded up.
    last = datetime(2026, 3, 2, 9, 59, 59, 999_999, tzinfo=UTC)
    for when in (last, last.replace(microsecond=0)):
        Exposure.objects.update(when=when)

        (grade,), (exposure,) = report("grades"), report("exposures")
        assert grade["First Exposed (Style)"] == exposure["When"] == "2026-03-02T09:59:59+00:00"


def test_everybody_with_a_group_an_exposure_or_a_score_is_a_learner() -> None:
    put("zoe", 1)
    score("bob", "common", 1)
    put("ann", 2)

    assert [row["Student ID"] for row in report("grades")] == ["ann", "bob", "zoe"]
    with override_settings(XBLOCK_EXPERIMENTS={"LEARNERS": "tests.test_reports.enrolled"}):
        assert [row["Student ID"] for row in report("grades")] == ["new", "ann"]


def enrolled(course_id: str) -> Iterator[str]:
    assert course_id == COURSE_ID
    yield from ("new", "ann")


def test_experiments_with_the_same_name_have_columns_of_their_own() -> None:
    same = [experiment(id, 1, 2, name="Style") for id in (100, 101, 102)]
    save_segmentations(COURSE_ID, same)
    put("ann", 1)

    (row,) = report("grades")

    assert {name for name in row if name.startswith("Experiment Group")} == {
        "Experiment Group (Style)",
        "Experiment Group (Style) (2)",
        "Experiment Group (Style) (3)",
    }


def test_numbered_columns_are_told_apart_from_names_that_have_the_same_number() -> None:
    names = ["Quiz", "Quiz", "Quiz (2)", *(["A"] * 3)]

    table = Table(tuple(Column(name, "") for name in names), ())

    assert len(set(table.names)) == len(names)
    assert table.names[:2] == ["Quiz", "Quiz (2)"]


def test_learners_of_several_tables_are_listed_once_in_the_order_of_python() -> None:
    for user_id in ("ann", "Bob", "émile", "zoe", "10", "9"):
        put(user_id, 1)
    score("Bob", "common", 1)
    score("émile", "common", 1)

    found = [row["Student ID"] for row in report("grades")]
    assert found == sorted({"ann", "Bob", "émile", "zoe", "10", "9"})


def test_the_problem_report_tells_arms_that_are_not_given_from_problems_without_an_answer() -> None:
    put("ann", 1)
    score("ann", "common", 0)

    (row,) = report("problems")

    assert (row["common (Earned)"], row["common (Possible)"]) == ("0.0", "1.0")
    assert (row["arm1 (Earned)"], row["arm1 (Possible)"]) == ("Not Attempted", "1.0")
    assert (row["arm2 (Earned)"], row["arm2 (Possible)"]) == ("Not Available", "Not Available")


def test_the_assignment_report_has_every_move() -> None:
    put("ann", 1)
    put("ann", 2)

    rows = report("assignments")

    assert [(row["From Group ID"], row["To Group ID"], row["Why"]) for row in rows] == [
        ("", "1", "put"),
        ("1", "2", "put"),
    ]
    assert [row["To Group"] for row in rows] == ["Group 1", "Group 2"]
    assert {(row["Experiment"], row["Experiment ID"], row["Version"]) for row in rows} == {
        ("Style", "100", "1")
    }


def test_the_exposure_report_has_every_first_view() -> None:
    put("ann", 1)
    record_exposure(COURSE_ID, 100, "ann", "split")
    put("ann", 2)
    record_exposure(COURSE_ID, 100, "ann", "split")

    rows = report("exposures")

    assert [(row["Student ID"], row["Group"], row["Block"]) for row in rows] == [
        ("ann", "Group 1", "split"),
        ("ann", "Group 2", "split"),
    ]


def test_the_exposure_report_has_the_learners_of_the_site_in_its_order() -> None:
    for user_id in ("ann", "bob", "new"):
        put(user_id, 1)
        record_exposure(COURSE_ID, 100, user_id, "split")

    with override_settings(XBLOCK_EXPERIMENTS={"LEARNERS": "tests.test_reports.enrolled"}):
        assert [row["Student ID"] for row in report("exposures")] == ["new", "ann"]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_name_that_a_spreadsheet_would_compute_is_a_text(name: str) -> None:
    groups = (Group(1, name), Group(2, "two"))
    save_segmentations(COURSE_ID, [segmentation(100, "experiment", groups, name="Style")])
    put("ann", 1)

    (row,) = report("grades")
    assert row["Experiment Group (Style)"] == f"'{name}"


def test_lines_end_as_the_standard_wants_and_quotes_and_newlines_come_back() -> None:
    save_segmentations(COURSE_ID, [experiment(100, 1, 2, 3, name='a "b",\nc')])
    put("ann", 1)
    out = io.StringIO(newline="")
    write_grade_report(COURSE_ID, out)

    assert out.getvalue().count("\r\n") == 2
    (row,) = csv.DictReader(io.StringIO(out.getvalue(), newline=""))
    assert row['Experiment Group (a "b",\nc)'] == "Group 1"


def test_a_byte_order_mark_comes_on_request() -> None:
    for with_bom in (False, True):
        out = io.StringIO()
        write_report("grades", COURSE_ID, out, with_bom=with_bom)
        assert out.getvalue().startswith("\ufeff") is with_bom


def test_a_report_as_json_has_an_object_a_line_with_numbers_as_numbers() -> None:
    put("ann", 1)
    out = io.StringIO()

    assert write_report("problems", COURSE_ID, out, format="json") == 1
    (row,) = map(json.loads, out.getvalue().splitlines())
    assert (row["Student ID"], row["arm1 (Possible)"]) == ("ann", 1.0)


def test_the_number_of_learners_is_returned() -> None:
    for user_id in ("ann", "bob"):
        put(user_id, 1)

    assert write_grade_report(COURSE_ID, io.StringIO()) == 2


@pytest.mark.parametrize("name", ["grades", "problems", "assignments", "exposures"])
def test_a_report_takes_a_constant_number_of_queries_for_a_thousand_learners(name: str) -> None:
    counts = []
    for learners in (["ann"], ["bob", "cid", "dan", "eve"]):
        for user_id in learners:
            put(user_id, 1)
            put(user_id, 2)
            score(user_id, "common", 1)
        with CaptureQueriesContext(connection) as queries:
            report(name)
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_reports_write_nothing_and_assign_nobody() -> None:
    score("ann", "common", 1)
    with CaptureQueriesContext(connection) as queries:
        for name in ("grades", "problems", "assignments", "exposures"):
            report(name)

    assert not [each for each in queries if not each["sql"].lstrip().startswith("SELECT")]


def test_an_unknown_report_and_an_unknown_course_are_refused() -> None:
    with pytest.raises(NoSuchReport, match="'other'"):
        write_report("other", COURSE_ID, io.StringIO())
    with pytest.raises(NoSuchReport, match="'xml'"):
        write_report("grades", COURSE_ID, io.StringIO(), format="xml")
    with pytest.raises(NoStructure):
        write_grade_report("course-v1:Other+Course+1", io.StringIO())
