"""The identity of blocks whose elements have no url_name, over imports."""

from __future__ import annotations

import tempfile
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.answers import body_of, send
from tests.builders import COURSE_ID, course_xml
from tests.test_export import blocks_of, check_round_trip, export, write_course
from xblock_experiments.gradebook.api import get_scores
from xblock_experiments.keys.usage import url_name_of
from xblock_experiments.testing import LoadedCourse, load_course, runtime_for

pytestmark = [pytest.mark.django_db, pytest.mark.one_django]

QUESTION = "<stringresponse answer='{0}'><label>{0}?</label><textline/></stringresponse>"


def problem(answer: str, **attributes: str) -> str:
    written = "".join(f" {name}={quoteattr(text)}" for name, text in attributes.items())
    return f"<problem{written}>{QUESTION.format(answer)}</problem>"


def unit(*problems: str) -> str:
    return course_xml(f'<vertical url_name="u">{"".join(problems)}</vertical>')


def names_of(course: LoadedCourse) -> list[str]:
    """Return the url_names of the blocks in the unit."""
    blocks = blocks_of(course)
    return [str(url_name_of(each)) for each in blocks.blocks[blocks.find("u")].children]


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        ({"url_name": "a", "slug": "b", "name": "c", "display_name": "d"}, "a"),
        ({"slug": "b", "name": "c", "display_name": "d"}, "b"),
        ({"name": "c", "display_name": "d"}, "c"),
        ({"display_name": "d"}, "d"),
        ({"display_name": "High & low tide (2)"}, "High_low_tide_2_"),
        ({"url_name": "", "display_name": "d"}, "d"),
    ],
)
def test_a_block_is_named_by_the_first_of_its_names(
    attributes: dict[str, str], name: str, tmp_path: Path
) -> None:
    content = f'<vertical url_name="u">{problem("ebb", **attributes)}</vertical>'
    source = write_course(tmp_path / "source", content)

    assert names_of(load_course(source)) == [name]
    check_round_trip(source, tmp_path)


def test_an_element_with_only_a_slug_points_to_a_file(tmp_path: Path) -> None:
    files = {"problem/tide.xml": problem("ebb", display_name="Tide")}
    source = write_course(
        tmp_path, '<vertical url_name="u"><problem slug="tide"/></vertical>', files
    )

    course = load_course(source)

    assert names_of(course) == ["tide"]
    assert course.problems == ()


def test_learners_keep_their_answers_if_a_problem_is_put_before_theirs() -> None:
    old = problem("ebb", display_name="Ebb")
    (ebb,) = names_of(load_course(unit(old)))
    course = load_course(unit(old))
    assert body_of(send(course, "ann", ebb, answer="ebb"))["success"] == "correct"

    course = load_course(unit(problem("flood", display_name="Flood"), old))

    flood, again = names_of(course)
    assert again == ebb
    assert [each.rpartition("@")[2] for each in get_scores(COURSE_ID, "ann")] == [ebb]
    key = blocks_of(course).find(flood)
    assert not runtime_for("ann").get_block(key).student_answers


def test_a_problem_with_a_title_keeps_its_answers_if_its_text_is_edited() -> None:
    before = names_of(load_course(unit(problem("ebb", display_name="Ebb"))))

    assert names_of(load_course(unit(problem("neap", display_name="Ebb")))) == before


def test_a_name_that_an_author_gave_is_never_that_of_a_title() -> None:
    titled, named = problem("a", display_name="Tide"), problem("b", url_name="Tide")

    for order in ((titled, named), (named, titled)):
        names = dict(zip(order, names_of(load_course(unit(*order))), strict=True))
        assert names[named] == "Tide"
        assert names[titled].startswith("problem_Tide_")


ANSWERS = ["ebb", "flood", "neap", "slack"]
PROBLEMS = st.permutations(
    [problem(answer, **title) for answer in ANSWERS for title in ({}, {"display_name": "Tide"})]
)


@given(PROBLEMS, PROBLEMS, st.integers(1, 7))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_order_of_unnamed_problems_gives_one_the_answers_of_another(
    before: list[str], after: list[str], count: int
) -> None:
    before = before[:count]
    old = dict(zip(names_of(load_course(unit(*before))), before, strict=True))
    course = load_course(unit(*after))
    new = dict(zip(names_of(course), after, strict=True))

    assert {name for name in old.keys() & new.keys() if old[name] != new[name]} == set()
    kept = {problem for name, problem in old.items() if name in new}
    assert {each for each in before if "display_name" not in each} <= kept
    with tempfile.TemporaryDirectory() as folder:
        export(course, Path(folder) / "course")
        assert names_of(load_course(Path(folder) / "course")) == [*new]
