"""Attributes of OLX, each of which is JSON or plain text."""

from __future__ import annotations

import json
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.answers import body_of, send
from tests.builders import course_xml
from tests.test_export import POLICY, check_round_trip, write_course
from xblock_experiments.olx.values import attribute_of, text_of, without_invalid_xml_characters
from xblock_experiments.testing import find_block, load_course, override_group

pytestmark = [pytest.mark.django_db, pytest.mark.one_django]

QUESTION = "<stringresponse answer='yes'><label>Ready?</label><textline/></stringresponse>"


def lesson(attributes: str, problem: str = "") -> str:
    inside = f'<problem url_name="p" {problem}>{QUESTION}</problem>'
    unit = f'<vertical url_name="u">{inside}</vertical>'
    return f'<sequential url_name="s" {attributes}>{unit}</sequential>'


@pytest.mark.parametrize(
    "date", ["2016-03-01T01:00:00+00:00", '"2016-03-01T01:00:00+00:00"', '"2016-03-01T01:00:00Z"']
)
def test_a_date_counts_with_quotes_and_without(date: str, tmp_path: Path) -> None:
    source = write_course(tmp_path / "source", lesson(f"due={quoteattr(date)}"))
    course = load_course(source)

    assert course.problems == ()
    problem = find_block(course, "ann", "p")
    assert problem.due.isoformat() == "2016-03-01T01:00:00+00:00"
    answered = body_of(send(course, "ann", "p", answer="yes"))
    assert answered["success"] not in ("correct", "incorrect")
    check_round_trip(source, tmp_path)


@pytest.mark.parametrize(
    ("name", "attribute", "value"),
    [
        ("showanswer", '"never"', "never"),
        ("showanswer", "never", "never"),
        ("showanswer", "null", None),
        ("max_attempts", '"3"', 3),
        ("max_attempts", "3", 3),
        ("max_attempts", "null", None),
        ("due", "null", None),
        ("rerandomize", "true", "always"),
        ("show_reset_button", '"true"', True),
    ],
)
def test_a_setting_of_a_lesson_has_its_value_in_any_form(
    name: str, attribute: str, value: object
) -> None:
    course = load_course(course_xml(lesson(f"{name}={quoteattr(attribute)}")))

    assert course.problems == ()
    assert getattr(find_block(course, "ann", "p"), name) == value


def test_a_lesson_that_is_graded_in_quotes_is_graded() -> None:
    course = load_course(course_xml(lesson("graded='\"true\"'")))

    assert find_block(course, "ann", "p").graded is True


@pytest.mark.parametrize("form", ["attribute", "policy"])
def test_null_is_stronger_than_what_is_inherited(form: str, tmp_path: Path) -> None:
    policy = {"course/2026": {"max_attempts": 1}}
    if form == "policy":
        policy |= {"problem/p": {"max_attempts": None}}  # type: ignore[dict-item]
    attribute = 'max_attempts="null"' if form == "attribute" else ""
    files = {POLICY: json.dumps(policy)}
    source = write_course(tmp_path / "source", lesson("", attribute), files)
    course = load_course(source)

    assert course.problems == ()
    assert find_block(course, "ann", "p").max_attempts is None
    for _ in range(2):
        assert body_of(send(course, "ann", "p", answer="no"))["success"] == "incorrect"
    check_round_trip(source, tmp_path)


@pytest.mark.parametrize(
    ("attribute", "name"),
    [('"Tides"', "Tides"), ("Tides", "Tides"), ("2024", "2024"), ('"2024"', "2024"), ("null", "")],
)
@pytest.mark.parametrize("tag", ["vertical", "nothing", "html", "problem"])
def test_a_name_has_no_quotes_that_are_json(
    tag: str, attribute: str, name: str, tmp_path: Path
) -> None:
    content = f'<{tag} url_name="b" display_name={quoteattr(attribute)}>Text</{tag}>'
    source = write_course(tmp_path / "source", content)

    assert (find_block(load_course(source), "ann", "b").display_name or "") == name
    check_round_trip(source, tmp_path)


def test_the_ids_of_an_experiment_may_have_quotes() -> None:
    mapping = quoteattr(json.dumps({"1": "a", "2": "b"}))
    arms = "".join(f'<vertical url_name="{n}"><html>Arm {n}</html></vertical>' for n in "ab")
    xml = f"<split_test url_name='x' user_partition_id='\"100\"' group_id_to_child={mapping}>"
    course = load_course(course_xml(f"{xml}{arms}</split_test>"))

    with override_group(100, 2):
        (arm,) = find_block(course, "ann", "x").get_child_blocks()
    assert arm.scope_ids.usage_id.block_id == "b"
    assert course.problems == ()


@given(st.text() | st.sampled_from(["null", '"a"', "1", "{}", '"', "true", '"null"']))
def test_any_text_is_read_from_the_attribute_that_is_written_for_it(text: str) -> None:
    text = without_invalid_xml_characters(text)

    assert text_of(attribute_of(text)) == text
