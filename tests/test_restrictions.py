"""Restrictions that the workbench does not enforce are named."""

from __future__ import annotations

import json
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest

from tests.test_export import POLICY, check_round_trip, write_course
from xblock_experiments.testing import load_course

pytestmark = [pytest.mark.django_db, pytest.mark.one_django]

RESTRICTIONS = [
    ("group_access", '{"50": [1]}'),
    ("visible_to_staff_only", "true"),
    ("visible_to_staff_only", '"true"'),
    ("start", "2999-01-01T00:00:00Z"),
    ("start", '"2999-01-01T00:00:00+00:00"'),
    ("start", "2999-01-01"),
    ("hide_after_due", "true"),
    ("hide_from_toc", "true"),
    ("is_time_limited", "true"),
    ("is_proctored_enabled", "true"),
    ("is_practice_exam", "true"),
    ("is_onboarding_exam", "true"),
    ("is_entrance_exam", "true"),
]
NO_RESTRICTIONS = [
    ("group_access", "{}"),
    ("group_access", "null"),
    ("group_access", '{"50": []}'),
    ("visible_to_staff_only", "false"),
    ("start", "2001-01-01T00:00:00Z"),
    ("start", "null"),
    ("start", "March 2013"),
    ("hide_after_due", "false"),
    ("is_time_limited", "null"),
]


@pytest.mark.parametrize(("name", "value"), RESTRICTIONS)
def test_a_restriction_is_named_as_not_enforced(name: str, value: str, tmp_path: Path) -> None:
    content = f'<sequential url_name="s" {name}={quoteattr(value)}><html>Text</html></sequential>'
    source = write_course(tmp_path / "source", content)

    assert load_course(source).problems == (
        f"course/2026.xml: the {name} of <sequential> 's' is not enforced: every learner sees it",
    )
    check_round_trip(source, tmp_path)


@pytest.mark.parametrize(("name", "value"), NO_RESTRICTIONS)
def test_a_value_that_restricts_nobody_is_not_named(name: str, value: str, tmp_path: Path) -> None:
    content = f'<sequential url_name="s" {name}={quoteattr(value)}><html>Text</html></sequential>'

    assert load_course(write_course(tmp_path, content)).problems == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [("entrance_exam_enabled", True), ("pre_requisite_courses", ["course-v1:A+B+C"])],
)
def test_prerequisites_of_the_course_are_named(name: str, value: object, tmp_path: Path) -> None:
    files = {POLICY: json.dumps({"course/2026": {name: value}})}

    (problem,) = load_course(write_course(tmp_path, files=files)).problems
    assert problem.endswith(f"the {name} of <course> '2026' is not enforced: every learner sees it")
