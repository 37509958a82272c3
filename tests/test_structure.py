"""Courses, chapters, sequentials and verticals as learners see them."""

from __future__ import annotations

import re
from typing import Any

import pytest
import webob

from tests.builders import COURSE_ID, course_xml, split_test_xml
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.testing import find_block, load_course, override_group, render

pytestmark = pytest.mark.django_db

HOSTILE = "</script><script>alert('x')</script>\"'&amp;"
ESCAPED = "&lt;/script&gt;&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&quot;&#x27;&amp;amp;"


def tabs(page: str) -> list[tuple[str, str]]:
    """Return the icon and the title of each tab."""
    return re.findall(r'class="xbx-tab seq_(\w+)".*?data-page-title="(.*?)"', page, re.DOTALL)


def sequential(*units: str, **attributes: str) -> Any:
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return load_course(
        course_xml(f'<sequential url_name="s"{written}>{"".join(units)}</sequential>')
    )


def test_a_course_is_an_outline_of_links() -> None:
    course = load_course(
        course_xml(
            '<chapter url_name="c" display_name="Chapter &lt;1&gt;">'
            '<sequential url_name="s" display_name="Lesson"><vertical url_name="v">'
            '<html url_name="h">Text</html></vertical></sequential></chapter>'
        )
    )
    page = render(course, "a&b c")

    name = "demox-tests-2026"
    assert re.search(rf'href="/scenario/{name}.c/\?student=a%26b%20c">Chapter &lt;1&gt;</a>', page)
    assert re.search(rf'href="/scenario/{name}.s/\?student=a%26b%20c">Lesson</a>', page)
    assert "Text" not in page
    assert "Lesson" in render(course, "ann", "c")


def test_a_course_shows_children_other_than_chapters_in_place() -> None:
    course = load_course(course_xml('<vertical><html url_name="h">Text</html></vertical>'))

    assert "Text" in render(course, "ann")


def test_a_tab_has_the_icon_of_its_units_content() -> None:
    course = sequential(
        '<vertical url_name="a" display_name="A"><html url_name="h"/><video url_name="x"/>'
        "</vertical>",
        '<vertical url_name="b" display_name="B"><video url_name="y"/><problem url_name="p"/>'
        "</vertical>",
        '<vertical url_name="c" display_name="C"/>',
        '<problem url_name="q" display_name="D"/>',
    )

    assert tabs(render(course, "ann", "s")) == [
        ("video", "A"),
        ("problem", "B"),
        ("other", "C"),
        ("problem", "D"),
    ]


ARMS = (
    '<split_test url_name="exp" display_name="secret" user_partition_id="100" '
    'group_id_to_child="{&quot;1&quot;: &quot;a&quot;, &quot;2&quot;: &quot;b&quot;}">'
    '<vertical url_name="a" display_name="Condition 1"><video url_name="v1"/>'
    '<problem url_name="p1"/></vertical>'
    '<vertical url_name="b" display_name="Condition 2"><video url_name="v2"/>'
    '<html url_name="h2"/></vertical></split_test>'
)


@pytest.mark.parametrize(
    ("group_id", "tab"), [(1, ("problem", "Condition 1")), (2, ("video", "Condition 2"))]
)
def test_the_tab_of_an_experiment_has_the_icon_and_title_of_the_arm(
    group_id: int, tab: tuple[str, str]
) -> None:
    course = sequential(ARMS)
    with override_group(100, group_id):
        assert tabs(render(course, "ann", "s")) == [tab]


@pytest.mark.parametrize(("group_id", "icon"), [(1, "problem"), (2, "video")])
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_icons_propagate_through_any_depth(group_id: int, icon: str, depth: int) -> None:
    content = ARMS
    for level in range(depth):
        content = f'<vertical url_name="level{level}">{content}</vertical>'
    course = sequential(content)
    with override_group(100, group_id):
        assert tabs(render(course, "ann", "s")) == [(icon, f"Condition {group_id}")]


def test_a_unit_with_a_name_keeps_it_as_its_tabs_title() -> None:
    course = sequential(f'<vertical url_name="v" display_name="The unit">{ARMS}</vertical>')
    with override_group(100, 2):
        assert tabs(render(course, "ann", "s")) == [("video", "The unit")]


def test_the_first_view_already_has_the_arms_icon() -> None:
    course = sequential(ARMS)
    page = render(course, "ann", "s")
    group_id = next(iter(segmentations.get_group_ids(COURSE_ID, 100, "ann")))

    assert tabs(page) == [({1: "problem", 2: "video"}[group_id], f"Condition {group_id}")]


def test_units_without_any_title_are_numbered() -> None:
    course = sequential('<vertical url_name="a"/>', '<vertical url_name="b"/>')

    assert tabs(render(course, "ann", "s")) == [("other", "Unit 1"), ("other", "Unit 2")]


@pytest.mark.parametrize("course_id", [None, "a-scenario"])
def test_a_sequential_may_be_inside_a_block_of_another_package(course_id: str | None) -> None:
    xml = '<vertical_demo><sequential url_name="s" display_name="Lesson"/></vertical_demo>'
    course = load_course(course_xml(xml), course_id)

    assert "Lesson" in render(course, "ann", "s")


def test_an_empty_sequential_says_so() -> None:
    page = render(sequential(display_name="Lesson"), "ann", "s")

    assert "This lesson is still empty." in page
    assert "tablist" not in page


def test_tabs_name_their_panels_and_one_is_selected() -> None:
    page = render(sequential('<vertical url_name="a"/>', '<vertical url_name="b"/>'), "ann", "s")

    controls = re.findall(r'aria-controls="(.*?)"', page)
    assert controls == re.findall(r'role="tabpanel" id="(.*?)"', page)
    assert re.findall(r'role="tab" .*? id="(.*?)"', page) == re.findall(
        r'aria-labelledby="(.*?)"', page
    )
    assert re.findall(r'aria-selected="(\w+)"', page) == ["true", "false"]
    assert len(re.findall(r'tabindex="0" hidden>', page)) == 1


def go_to(course: Any, position: Any) -> int:
    import json

    block = find_block(course, "ann", "s")
    request = webob.Request.blank("/", method="POST")
    request.body = json.dumps({"position": position}).encode()
    return int(block.handle("goto_position", request).status_code)


def test_the_tab_where_the_learner_was_is_remembered() -> None:
    course = sequential('<vertical url_name="a"/>', '<vertical url_name="b"/>')

    assert go_to(course, 2) == 200
    assert re.findall(r'aria-selected="(\w+)"', render(course, "ann", "s")) == ["false", "true"]
    assert re.findall(r'aria-selected="(\w+)"', render(course, "bob", "s")) == ["true", "false"]


@pytest.mark.parametrize("position", [0, 3, -1, "2", None, [], 1.5])
def test_an_invalid_position_is_refused(position: Any) -> None:
    course = sequential('<vertical url_name="a"/>', '<vertical url_name="b"/>')

    assert go_to(course, position) == 400
    assert find_block(course, "ann", "s").position == 1


def test_the_first_tab_is_shown_if_the_remembered_one_was_removed() -> None:
    assert go_to(sequential('<vertical url_name="a"/>', '<vertical url_name="b"/>'), 2) == 200
    course = sequential('<vertical url_name="a"/>')

    assert re.findall(r'aria-selected="(\w+)"', render(course, "ann", "s")) == ["true"]


@pytest.mark.parametrize("url_name", [None, "c", "s", "v", "p", "exp_a"])
@pytest.mark.usefixtures("_without_openedx_blocks")
def test_titles_are_text_and_never_markup(url_name: str | None) -> None:
    from html import escape

    name = f'display_name="{escape(HOSTILE)}"'
    course = load_course(
        course_xml(
            f'<chapter url_name="c" {name}><sequential url_name="s" {name}>'
            f'<vertical url_name="v" {name}><problem url_name="p" {name}/>{split_test_xml()}'
            "</vertical></sequential></chapter>"
        ).replace('display_name="A course"', name)
    )
    page = render(course, "ann", url_name)

    assert "alert('x')" not in page
    if url_name != "exp_a":
        assert ESCAPED in page


def test_reading_a_page_writes_no_state() -> None:
    from workbench.models import XBlockState

    render(sequential('<vertical url_name="a"/>'), "ann", "s")

    assert not XBlockState.objects.filter(user_id="ann").exists()
