"""Outlines of courses with experiments above the unit, and of large courses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.builders import COURSE_ID, course_xml
from tests.test_export import check_round_trip, export
from xblock_experiments.course_user_segmentation.api import get_members
from xblock_experiments.experiments.api import get_exposures
from xblock_experiments.keys.usage import url_name_of
from xblock_experiments.testing import load_course, override_group, render
from xblock_experiments.workbench.courses import index

pytestmark = [pytest.mark.django_db, pytest.mark.one_django]

MAPPING = "{&quot;1&quot;: &quot;a&quot;, &quot;2&quot;: &quot;b&quot;}"


def experiment_of(tag: str, inside: str = "") -> str:
    arms = "".join(
        f'<{tag} url_name="{name}" display_name="Arm {name}">{inside.replace("NAME", name)}</{tag}>'
        for name in "ab"
    )
    return (
        '<split_test url_name="x" display_name="The secret experiment" user_partition_id="100" '
        f'group_id_to_child="{MAPPING}">{arms}</split_test>'
    )


LESSON = (
    '<sequential url_name="lesson_NAME" display_name="Lesson of NAME">'
    "<vertical><html>Text of NAME</html></vertical></sequential>"
)
UNIT = "<vertical><html>Text of NAME</html></vertical>"
OPEN = '<sequential url_name="open" display_name="Open lesson"/>'

COURSES = {
    "lessons in a chapter": (
        f'<chapter url_name="c">{experiment_of("sequential", UNIT)}{OPEN}</chapter>'
    ),
    "lessons in the course": experiment_of("sequential", UNIT) + OPEN,
    "chapters in the course": experiment_of("chapter", LESSON) + OPEN,
}


def lines(page: str) -> list[str]:
    return re.findall(r'class="xbx-outline-link"[^>]*>([^<]*)<', page)


def links(page: str) -> dict[str, str]:
    found = re.findall(r'class="xbx-outline-link" href="([^"]*)">([^<]*)<', page)
    return {title: address for address, title in found}


@pytest.mark.parametrize("kind", COURSES)
@pytest.mark.parametrize(("group", "given", "other"), [(1, "a", "b"), (2, "b", "a")])
def test_an_outline_lists_the_arm_of_the_learner_only(
    kind: str, group: int, given: str, other: str, tmp_path: Path
) -> None:
    course = load_course(course_xml(COURSES[kind]))

    with override_group(100, group):
        page = render(course, "ann")
    assert f"Arm {given}" in lines(page)
    assert "Open lesson" in lines(page)
    if kind == "chapters in the course":
        assert f"Lesson of {given}" in lines(page)
    assert f"Arm {other}" not in page
    assert f"of {other}" not in page
    assert "The secret experiment" not in page
    export(course, tmp_path / "source")
    check_round_trip(tmp_path / "source", tmp_path)


@pytest.mark.parametrize("kind", COURSES)
def test_an_outline_assigns_nobody_and_leads_to_the_page_that_does(kind: str, client: Any) -> None:
    course = load_course(course_xml(COURSES[kind]))

    page = render(course, "ann")
    assert list(get_members(COURSE_ID, 100, type="experiment")) == []
    assert "Arm" not in page
    assert "The secret experiment" not in page
    title = "Chapter" if kind == "chapters in the course" else "Lesson"
    shown = client.get(links(page)[title]).content.decode()

    (member,) = get_members(COURSE_ID, 100, type="experiment")
    assert [each.group_id for each in get_exposures(COURSE_ID, 100)] == [member.group_id]
    given = {1: "a", 2: "b"}[member.group_id]
    assert f"of {given}" in shown
    assert f"Arm {given}" in lines(render(course, "ann"))


@pytest.mark.parametrize("kind", COURSES)
def test_staff_and_authors_see_the_experiment_in_the_outline(kind: str) -> None:
    course = load_course(course_xml(COURSES[kind]))

    assert "The secret experiment" in lines(render(course, "teacher", staff=True))
    author_view = render(course, "teacher", staff=True, view="author_view")
    assert "The secret experiment" in lines(author_view)


def test_an_experiment_with_units_is_shown_in_place() -> None:
    course = load_course(course_xml(experiment_of("vertical", "<html>Text of NAME</html>")))

    with override_group(100, 1):
        page = render(course, "ann")
    assert "Text of a" in page
    assert "Text of b" not in page


def test_the_work_for_an_outline_grows_with_the_course_and_not_faster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visited = 0

    def counted(usage_id: Any) -> Any:
        nonlocal visited
        visited += 1
        return url_name_of(usage_id)

    def visits(lessons: int) -> int:
        nonlocal visited
        units = "".join(
            f'<chapter url_name="c{n}"><sequential url_name="s{n}"><vertical url_name="v{n}"/>'
            "</sequential></chapter>"
            for n in range(lessons)
        )
        course = load_course(course_xml(units))
        visited = 0
        render(course, "ann")
        course = load_course(course_xml(units))
        return visited

    monkeypatch.setattr(index, "url_name_of", counted)
    few, many = visits(10), visits(40)
    assert few == 10 * 3 + 1
    assert many == 40 * 3 + 1
