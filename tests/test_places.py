"""Blocks that stand in several places of a course, in arms and outside of them."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.answers import body_of, send, send_json
from tests.builders import COURSE_ID, course_xml, experiment
from tests.panels import all_of
from tests.test_export import (
    POLICY,
    blocks_of,
    check_round_trip,
    content_of,
    export,
    write_course,
)
from xblock_experiments.course_user_segmentation.api import get_members
from xblock_experiments.experiments.api import assign_group, get_exposures
from xblock_experiments.gradebook.api import get_scores
from xblock_experiments.testing import (
    LoadedCourse,
    find_block,
    load_course,
    override_group,
    render,
    runtime_for,
)
from xblock_experiments.workbench.requests.access import may_open

pytestmark = [pytest.mark.django_db, pytest.mark.one_django]

QUESTION = "<stringresponse answer='yes'><label>Ready?</label><textline/></stringresponse>"
POST = f'<problem url_name="post">{QUESTION}</problem>'


def split_test(url_name: str, *arms: str) -> str:
    """Return an experiment with a unit for each group: `<url_name>_1`, `<url_name>_2`, …"""
    names = [f"{url_name}_{number}" for number, _ in enumerate(arms, 1)]
    units = "".join(unit(name, arm) for name, arm in zip(names, arms, strict=True))
    return choice(url_name, {str(number): name for number, name in enumerate(names, 1)}, units)


def choice(url_name: str, mapping: dict[str, str], units: str) -> str:
    return (
        f'<split_test url_name="{url_name}" user_partition_id="100" '
        f"group_id_to_child={quoteattr(json.dumps(mapping))}>{units}</split_test>"
    )


def unit(url_name: str, *inside: str) -> str:
    return f'<vertical url_name="{url_name}">{"".join(inside)}</vertical>'


def lesson(url_name: str, *units: str) -> str:
    return f'<sequential url_name="{url_name}">{"".join(units)}</sequential>'


def pages_of(course: LoadedCourse, user_id: str, url_name: str) -> str:
    return "".join(all_of(course, user_id, url_name))


def may_answer(course: LoadedCourse, user_id: str, url_name: str) -> bool:
    return bool(send(course, user_id, url_name, "problem_get").status_code == 200)


def test_learners_of_both_arms_are_shown_answer_and_score_the_test_that_the_arms_share() -> None:
    arms = split_test("exp", f"Left{POST}", '<problem url_name="post"/>')
    course = load_course(course_xml(lesson("s", arms)))

    for group in (1, 2):
        with override_group(100, group):
            assert "block@post" in pages_of(course, f"ann{group}", "s")
            answered = body_of(send(course, f"ann{group}", "post", answer="yes"))
        assert answered["success"] == "correct"
        scores = get_scores(COURSE_ID, f"ann{group}").values()
        assert [score.earned for score in scores] == [1.0]


@pytest.mark.parametrize("is_open_first", [True, False])
def test_a_unit_of_an_arm_stays_the_arms_where_it_stands_in_the_open(is_open_first: bool) -> None:
    shared = unit("exp_1", POST)
    arms = split_test("exp", POST, "")
    lessons = [lesson("inside", arms), lesson("outside", '<vertical url_name="exp_1"/>')]
    if is_open_first:
        arms = arms.replace(shared, '<vertical url_name="exp_1"/>')
        lessons = [lesson("outside", shared), lesson("inside", arms)]
    course = load_course(course_xml(*lessons))

    for group, is_given in ((1, True), (2, False)):
        with override_group(100, group):
            for url_name in ("inside", "outside"):
                assert ("block@post" in pages_of(course, "ann", url_name)) is is_given
            assert may_answer(course, "ann", "post") is is_given


def test_a_lesson_opens_a_unit_though_the_one_that_was_open_is_withheld() -> None:
    course = load_course(
        course_xml(
            lesson("inside", split_test("exp", "", "Text")),
            lesson(
                "outside", unit("first", "<html>The first</html>"), '<vertical url_name="exp_2"/>'
            ),
        )
    )

    with override_group(100, 2):
        send_json(course, "ann", "outside", "goto_position", {"position": 2})
    with override_group(100, 1):
        assert "The first" in render(course, "ann", "outside")
        refused = send_json(course, "ann", "outside", "goto_position", {"position": 2})
    assert refused.status_code == 400


def test_a_learner_who_is_in_no_group_yet_is_not_shown_a_block_of_an_arm_elsewhere() -> None:
    course = load_course(
        course_xml(
            lesson("inside", split_test("exp", '<html url_name="h">Secret</html>', "")),
            lesson("outside", '<vertical url_name="v"><html url_name="h"/></vertical>'),
        )
    )

    assert "Secret" not in pages_of(course, "ann", "outside")
    assert list(get_members(COURSE_ID, 100, type="experiment")) == []
    assert "Secret" in render(course, "teacher", "outside", staff=True)


def test_blocks_of_nested_and_crossing_arms_are_given_as_on_open_edx() -> None:
    """The tree is that of Open edX's own test of shared blocks."""
    e, o = '<vertical url_name="E"/>', '<vertical url_name="O"/>'
    k = choice("K", {"1": "M", "2": "N"}, unit("M") + unit("N"))
    b = e + unit("F", unit("J"), k) + unit("G", unit("O"))
    c = unit("H", unit("L", o, unit("P"))) + unit("I")
    course = load_course(
        course_xml(
            unit("A", unit("D"), unit("E")),
            choice("B", {"0": "E", "1": "F", "2": "G"}, b),
            choice("C", {"0": "H", "1": "I"}, c),
            segmentations=(experiment(100, 0, 1, 2),),
        )
    )

    given = {}
    for group in (0, 1, 2):
        with override_group(100, group):
            given[group] = "".join(
                name
                for name in "ADEFGHIJLMNOP"
                if may_open(find_block(course, "ann", name), is_staff=False)
            )
    assert given == {0: "ADEHLOP", 1: "ADFIJM", 2: "ADGO"}


UNITS = [f"u{number}" for number in range(3)]
ITEMS = st.tuples(st.sampled_from(["open", "arm"]), st.sampled_from([1, 2]), st.sampled_from(UNITS))
LESSONS = st.lists(st.lists(ITEMS, min_size=1, max_size=4, unique=True), min_size=1, max_size=3)


def build(lessons: list[list[tuple[str, int, str]]]) -> tuple[str, dict[str, set[int]]]:
    """Return a course, and the groups that each unit is given to."""
    seen: set[str] = set()
    arms: dict[str, set[int]] = {}
    xml = []
    for number, items in enumerate(lessons):
        units = []
        for place, (kind, group, name) in enumerate(items):
            text = "" if name in seen else f'<html url_name="{name}_text">Text of {name}.</html>'
            seen.add(name)
            groups = arms.setdefault(name, set())
            if kind == "open":
                units.append(unit(name, text))
            else:
                content = [unit(name, text), ""][:: 1 if group == 1 else -1]
                units.append(split_test(f"x{number}_{place}", *content))
                groups.add(group)
        xml.append(lesson(f"s{number}", *units))
    return course_xml(*xml), {name: groups or {1, 2} for name, groups in arms.items()}


@given(LESSONS)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_unit_is_shown_and_opened_by_the_learners_of_all_its_arms_and_by_nobody_else(
    lessons: list[list[tuple[str, int, str]]],
) -> None:
    xml, groups_of = build(lessons)
    course = load_course(xml)

    for group in (1, 2):
        with override_group(100, group):
            page = "".join(pages_of(course, "ann", f"s{n}") for n in range(len(lessons)))
            for name, groups in groups_of.items():
                block = find_block(course, "ann", name)
                assert may_open(block, is_staff=False) is (group in groups)
                assert (f"Text of {name}." in page) is (group in groups)
    check_export(course)


def check_export(course: LoadedCourse) -> None:
    with tempfile.TemporaryDirectory() as folder:
        content = content_of(course)
        export(course, Path(folder) / "course")
        assert content_of(load_course(Path(folder) / "course")) == content


COURSE_POLICY = json.dumps({"course/2026": {"user_partitions": [experiment().to_json()]}})
FILMS = [
    '<video url_name="film" youtube_id_1_0="AAAAAAAAAA{}"/>',
    '<html url_name="film">Film AAAAAAAAAA{}</html>',
    '<problem url_name="film"><p>AAAAAAAAAA{}</p></problem>',
    '<nothing url_name="film" display_name="AAAAAAAAAA{}"/>',
    '<vertical url_name="film"><html>AAAAAAAAAA{}</html></vertical>',
    '<vertical url_name="film" display_name="AAAAAAAAAA{}"><html>x</html></vertical>',
]


@pytest.mark.parametrize("film", FILMS)
def test_each_group_gets_its_own_film_though_both_have_one_url_name(
    film: str, tmp_path: Path
) -> None:
    xml = course_xml(lesson("s", split_test("exp", film.format(1), film.format(2))))
    course = load_course(xml)

    assert any("defined twice" in problem for problem in course.problems)
    for group, other in ((1, 2), (2, 1)):
        with override_group(100, group):
            content = content_given(course, "exp")
        assert f"AAAAAAAAAA{group}" in content
        assert f"AAAAAAAAAA{other}" not in content
    export(course, tmp_path / "source")
    check_round_trip(tmp_path / "source", tmp_path)
    assert content_of(load_course(tmp_path / "source")) == content_of(load_course(xml))


@pytest.mark.parametrize("is_file_first", [True, False])
def test_a_file_and_an_element_with_one_url_name_are_different_films(
    is_file_first: bool, tmp_path: Path
) -> None:
    pointer, inline = '<video url_name="film"/>', FILMS[0].format(2)
    arms = [pointer, inline] if is_file_first else [inline, pointer]
    content = lesson("s", split_test("exp", *arms), unit("again", pointer))
    files = {"video/film.xml": '<video youtube_id_1_0="AAAAAAAAAA1"/>', POLICY: COURSE_POLICY}
    source = write_course(tmp_path / "source", content, files)
    course = load_course(source)

    for group, film in zip((1, 2), (1, 2) if is_file_first else (2, 1), strict=True):
        with override_group(100, group):
            assert f"AAAAAAAAAA{film}" in content_given(course, "exp")
    films = [block for block in blocks_of(course).blocks.values() if block.type == "video"]
    assert len(films) == 2
    check_round_trip(source, tmp_path)


def content_given(course: LoadedCourse, url_name: str) -> str:
    """Return all that authors wrote in the blocks that the learner is given."""
    blocks = blocks_of(course).blocks
    runtime = runtime_for("ann")
    waiting, found = [blocks_of(course).find(url_name)], []
    while waiting:
        usage_id = waiting.pop()
        block = runtime.get_block(usage_id)
        found.append(str(blocks[usage_id].fields))
        given = block.get_child_blocks() if hasattr(block, "get_child_blocks") else []
        waiting += [child.scope_ids.usage_id for child in given]
    return "".join(found)


def test_two_arms_with_one_url_name_are_given_to_their_groups_in_order() -> None:
    arms = "".join(unit("v", f"<html>Arm {number}</html>") for number in (1, 2))
    course = load_course(course_xml(choice("exp", {"1": "v", "2": "v"}, arms)))

    for group in (1, 2):
        with override_group(100, group):
            page = render(course, "ann", "exp")
        assert [f"Arm {n}" in page for n in (1, 2)] == [group == 1, group == 2]


def test_the_page_of_a_block_inside_an_arm_counts_as_shown() -> None:
    course = load_course(course_xml(split_test("exp", "<html url_name='h'>Text</html>", "")))
    user = next(user for user in map(str, range(50)) if assign_group(COURSE_ID, 100, user).id == 1)

    for _ in range(2):
        assert "Text" in render(course, user, "h")
    exposures: list[Any] = list(get_exposures(COURSE_ID, 100))
    assert [(each.user_id, each.group_id) for each in exposures] == [(user, 1)]
    assert exposures[0].usage_id.endswith("block@exp")
