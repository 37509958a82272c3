"""Sentences about courses, in English and in the language of a page."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from django.utils import translation

from tests.answers import send_json
from tests.builders import course_xml, split_test_xml
from xblock_experiments.olx.sentences import Sentence, in_file, translated
from xblock_experiments.olx.untrusted import InvalidCourse
from xblock_experiments.testing import load_course

pytestmark = [pytest.mark.django_db, pytest.mark.one_django]

SPANISH = {
    "{file}: {reason}": "{file}: {reason}",
    "{label} is here": "aqu\u00ed est\u00e1 {label}",
    "the text": "el texto",
}


def spanish(sentence: str) -> str:
    return SPANISH.get(sentence, sentence)


def test_a_sentence_is_english_text() -> None:
    sentence = Sentence("{label} is here", label="<video>")

    assert sentence == "<video> is here"
    assert json.dumps([sentence]) == '["<video> is here"]'


def test_a_sentence_is_translated_with_its_values_and_the_sentences_in_it() -> None:
    reason = Sentence("{label} is here", label="<video>")
    problem = in_file(Sentence("the text"), reason)

    assert problem == "the text: <video> is here"
    assert translated(problem, spanish) == "el texto: aqu\u00ed est\u00e1 \u2068<video>\u2069"
    assert translated(problem, str) == problem
    assert translated("Somebody else's {text}", spanish) == "Somebody else's {text}"


@pytest.mark.parametrize("value", ["{x}", "{", "a\nb", "\u202e", "x" * 1000])
def test_any_value_is_part_of_one_line_and_never_a_field(value: str) -> None:
    sentence = Sentence("{label} is here", label=value)

    assert "\n" not in sentence
    assert len(sentence) <= 300
    assert translated(sentence, str).startswith(sentence[:200])


def test_a_sentence_can_be_copied() -> None:
    problem = in_file("a.xml", Sentence("{label} is here", label="{"))

    other = copy.deepcopy(problem)
    assert other == problem
    assert translated(other, spanish) == translated(problem, spanish)


def test_an_error_has_its_reason_and_its_file() -> None:
    error = InvalidCourse(Sentence("{label} is here", label="x"), "a.xml")

    assert str(error) == "a.xml: x is here"
    assert error.reason == "x is here"


PROBLEMS = [
    '<vertical><wiki slug="1"/></vertical>',
    "<vertical><x7/></vertical>",
    '<vertical><split_test user_partition_id="1.5"/></vertical>',
    '<vertical><split_test group_id_to_child="7"/></vertical>',
    '<vertical><html due="7-7-7-7"/></vertical>',
    '<vertical visible_to_staff_only="true"/>',
    '<vertical><html url_name="1 1">1</html></vertical>',
    '<vertical><vertical url_name="exp_a"/></vertical>',
    '<vertical><problem><include file="1"/></problem></vertical>',
]
REFUSED = [
    "<html/>",
    "<vertical>",
    "<!DOCTYPE x><vertical/>",
    '<vertical><html url_name="exp_b_text">1</html></vertical>',
]


@pytest.mark.parametrize("olx", [*PROBLEMS, *REFUSED])
def test_an_author_reads_each_problem_in_the_language_of_the_page(olx: str) -> None:
    course = load_course(course_xml(split_test_xml()))
    with translation.override("eo"):
        response = send_json(course, "teacher", "exp_a", "save_olx", {"olx": olx}, staff=True)

    body = response.json
    sentences = [*body.get("problems", []), body.get("error", "")]
    assert any(sentences)
    assert [each for each in sentences if "ï" not in each and "é" not in each and each] == []


def test_the_log_and_the_result_of_an_import_stay_in_english(tmp_path: Path) -> None:
    (tmp_path / "course.xml").write_text('<course org="O" course="C" url_name="R"><wiki/></course>')
    with translation.override("es"):
        (problem,) = load_course(tmp_path).problems

    assert problem == "course.xml: <wiki> is not used"
