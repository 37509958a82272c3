"""Units of a lesson, which come when their tabs are opened."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from workbench.models import XBlockState

from tests.builders import COURSE_ID, course_xml, experiment, split_test_xml
from tests.panels import all_of, ask_for, open_panel, units_of
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.errors import NotStored
from xblock_experiments.experiments import api as experiments
from xblock_experiments.testing import LoadedCourse, find_block, load_course, render

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

NAME = "demox-tests-2026"
IDS = (100, 101, 102)


def usage_id(block_type: str, url_name: str) -> str:
    return f"block-v1:DemoX+Tests+2026+type@{block_type}+block@{url_name}"


def unit(id: int) -> str:
    return usage_id("vertical", f"unit_{id}")


def lesson(*more: str) -> LoadedCourse:
    """Return a course with a unit of text, and one unit for each experiment."""
    text = (
        '<vertical url_name="text" display_name="Text"><html url_name="h">Hello</html></vertical>'
    )
    units = (
        f'<vertical url_name="unit_{id}">{split_test_xml(f"exp_{id}", id)}</vertical>' for id in IDS
    )
    xml = f'<sequential url_name="s">{text}{"".join(units)}</sequential>'
    return load_course(course_xml(xml, *more, segmentations=tuple(map(experiment, IDS))))


def exposed(user_id: str = "ann") -> list[int]:
    """Return the experiments whose arms the user was shown."""
    return [
        id
        for id in IDS
        if user_id in [each.user_id for each in experiments.get_exposures(COURSE_ID, id)]
    ]


def assigned(user_id: str = "ann") -> list[int]:
    return [id for id in IDS if experiments.get_group(COURSE_ID, id, user_id)]


def selected(page: str) -> str:
    (unit,) = re.findall(r'data-unit="([^"]*)"[^>]*aria-selected="true"', page)
    return unescape(unit)


def test_only_the_open_panel_is_in_the_response_and_counts_as_shown() -> None:
    course = lesson()
    page = render(course, "ann", "s")

    assert "Hello" in page
    assert "Text of arm" not in page
    assert assigned() == list(IDS)
    assert exposed() == []
    assert page.count('role="tab"') == page.count('role="tabpanel"') == len(IDS) + 1
    assert page.count("data-later") == len(IDS)
    assert len(re.findall(r'data-page-title="Unit of arm \d"', page)) == len(IDS)


def test_an_arm_counts_as_shown_when_its_panel_is_opened() -> None:
    course = lesson()
    render(course, "ann", "s")
    panel = open_panel(course, "ann", "s", unit(101))

    group = experiments.get_group(COURSE_ID, 101, "ann")
    assert group is not None
    assert f"Text of arm {group.id}" in panel
    assert f"Text of arm {3 - group.id}" not in panel
    assert exposed() == [101]
    ((exposure),) = experiments.get_exposures(COURSE_ID, 101)
    assert exposure.usage_id == usage_id("split_test", "exp_101")
    assert open_panel(course, "ann", "s", unit(101)) == panel
    assert exposed() == [101]


def test_a_panel_is_the_same_as_in_the_page_that_is_opened_with_it() -> None:
    course = lesson()
    panel = open_panel(course, "ann", "s", unit(101))
    page = render(course, "ann", "s")

    assert selected(page) == unit(101)
    assert panel in page
    assert exposed() == [101]


def test_a_panel_comes_with_the_scripts_and_styles_of_its_blocks() -> None:
    response = ask_for(lesson(), "ann", "s", unit(100)).json
    resources = {each["data"]: each for each in response["resources"]}

    assert resources["/resource/split_test/static/split_test.js"] == {
        "kind": "url",
        "data": "/resource/split_test/static/split_test.js",
        "mimetype": "application/javascript",
        "placement": "foot",
    }
    assert resources["/resource/vertical/static/vertical.css"]["mimetype"] == "text/css"
    assert "data-init='SplitTestStudentView'" in response["html"]


def test_a_panel_takes_three_queries_first_and_then_two() -> None:
    course = lesson()
    render(course, "ann", "s")

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            open_panel(course, "ann", "s", unit(100))
        return len([each for each in captured if "xblock_experiments_" in each["sql"]])

    assert [count(), count()] == [3, 2]


def test_an_opened_tab_is_the_learners_current_one() -> None:
    course = lesson()
    open_panel(course, "ann", "s", unit(101))

    assert find_block(course, "ann", "s").position == 3
    assert find_block(course, "bob", "s").position == 1


@pytest.mark.parametrize(
    "wanted",
    [unit(101), usage_id("split_test", "exp_101")],
    ids=["the unit", "a block in the unit"],
)
def test_a_link_to_a_unit_opens_its_panel(wanted: str) -> None:
    course = lesson()
    response = Client().get(f"/scenario/{NAME}.s/", {"student": "ann", "activate_block_id": wanted})
    page = response.content.decode()

    assert selected(page) == unit(101)
    assert "Text of arm" in page
    assert exposed() == [101]
    assert find_block(course, "ann", "s").position == 3


@pytest.mark.parametrize("arm", ["a", "b"])
def test_a_link_into_an_arm_opens_only_the_learners_own(arm: str) -> None:
    lesson()
    segmentations.put_in_group(COURSE_ID, 101, "ann", 1, type="experiment")
    wanted = usage_id("html", f"exp_101_{arm}_text")
    page = Client().get(f"/scenario/{NAME}.s/", {"student": "ann", "activate_block_id": wanted})

    assert ("Text of arm" in page.content.decode()) == (arm == "a")


@pytest.mark.parametrize("wanted", ["", "nothing", "x\x00", usage_id("vertical", "elsewhere")])
def test_a_link_to_a_unit_that_is_not_here_opens_the_last_tab(wanted: str) -> None:
    course = lesson()
    open_panel(course, "ann", "s", unit(100))
    page = Client().get(f"/scenario/{NAME}.s/", {"student": "ann", "activate_block_id": wanted})

    assert selected(page.content.decode()) == unit(100)
    assert find_block(course, "ann", "s").position == 2


def test_each_tab_is_a_link_that_opens_the_page_with_its_panel_only() -> None:
    lesson()
    page = Client().get(f"/scenario/{NAME}.s/", {"student": "a&b c"}).content.decode()
    links = re.findall(r'<a href="([^"]*)" role="tab"', page)
    units = units_of(page)
    assert len(links) == len(IDS) + 1
    assert selected(page) == units[0]

    for number, link in enumerate(links):
        page = Client().get(unescape(link)).content.decode()
        assert selected(page) == units[number]
        assert page.count("Text of arm") == (number > 0)
        assert exposed("a&b c") == list(IDS[:number])


def test_a_lesson_in_a_runtime_without_pages_has_links_too() -> None:
    course = lesson()
    block = find_block(course, "ann", "s")
    block.runtime._services["pages"] = None
    page = block.render("student_view", {}).content

    assert f'href="?activate_block_id={"block-v1%3ADemoX%2BTests%2B2026"}' in page


ELSEWHERE = (
    '<sequential url_name="t"><vertical url_name="elsewhere"><html url_name="e"/></vertical>'
    "</sequential>"
)


@pytest.mark.parametrize(
    "wanted",
    [
        usage_id("vertical", "elsewhere"),
        usage_id("vertical", "exp_100_a"),
        usage_id("split_test", "exp_100"),
        "nothing",
        "",
        None,
        1,
        [],
        {},
    ],
)
def test_only_units_of_the_lesson_are_shown(wanted: Any) -> None:
    course = lesson(ELSEWHERE)
    response = ask_for(course, "ann", "s", wanted)

    assert response.status_code == 404
    assert response.json == {"error": "This unit is no longer in the lesson."}
    assert exposed() == []
    assert find_block(course, "ann", "s").position == 1


def inside() -> LoadedCourse:
    """Return a course with a lesson in one arm of an experiment."""
    inner = f'<sequential url_name="s"><vertical url_name="unit">{split_test_xml("in", 101)}'
    text = '<html url_name="exp_a_text">Text of arm 1</html>'
    xml = split_test_xml("exp", 100).replace(text, f"{inner}</vertical></sequential>")
    segmentations_ = tuple(map(experiment, IDS))
    course = load_course(course_xml(xml, segmentations=segmentations_))
    segmentations.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")
    segmentations.put_in_group(COURSE_ID, 100, "bob", 2, type="experiment")
    return course


def test_a_panel_in_another_learners_arm_is_refused() -> None:
    course = inside()

    assert "Text of arm" in open_panel(course, "ann", "s", usage_id("vertical", "unit"))
    assert ask_for(course, "bob", "s", usage_id("vertical", "unit")).status_code == 403
    assert ask_for(course, "eve", "s", usage_id("vertical", "unit")).status_code == 403
    assert (exposed(), exposed("bob"), exposed("eve")) == ([100, 101], [], [])


def test_a_lesson_in_a_panel_has_tabs_and_an_open_panel_of_its_own() -> None:
    inner = "".join(
        f'<vertical url_name="unit_{id}">{split_test_xml(f"exp_{id}", id)}</vertical>' for id in IDS
    )
    xml = (
        '<sequential url_name="s"><vertical url_name="text"/>'
        f'<sequential url_name="inner">{inner}</sequential></sequential>'
    )
    course = load_course(course_xml(xml, segmentations=tuple(map(experiment, IDS))))
    render(course, "ann", "s")
    assert (assigned(), exposed()) == (list(IDS), [])

    assert open_panel(course, "ann", "s", usage_id("sequential", "inner")).count("Text of arm") == 1
    assert exposed() == [100]
    assert open_panel(course, "ann", "inner", unit(102)).count("Text of arm") == 1
    assert exposed() == [100, 102]
    block = find_block(course, "bob", "s")
    page = block.render("student_view", {"activate_block_id": unit(101)}).content
    assert page.count("Text of arm") == 1
    assert exposed("bob") == [101]


def test_a_learner_whose_group_was_removed_meanwhile_is_reassigned() -> None:
    course = lesson()
    render(course, "ann", "s")
    group = experiments.get_group(COURSE_ID, 100, "ann")
    assert group is not None
    left = [experiment(100, 3 - group.id), *map(experiment, IDS[1:])]
    segmentations.save_segmentations(COURSE_ID, left)

    assert f"Text of arm {3 - group.id}" in open_panel(course, "ann", "s", unit(100))
    assert exposed() == [100]


def cannot(*_: Any) -> None:
    msg = "the disk is full"
    raise NotStored(msg)


@pytest.mark.parametrize("call", ["settle", "record_exposures"])
def test_a_panel_that_cannot_be_stored_can_be_asked_for_again(
    call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = lesson()
    with monkeypatch.context() as patch:
        patch.setattr(experiments, call, cannot)
        assert ask_for(course, "ann", "s", unit(100)).status_code == 503

    assert exposed() == []
    assert "Text of arm" in open_panel(course, "ann", "s", unit(100))
    assert exposed() == [100]


def test_authors_see_all_panels_and_leave_no_trace() -> None:
    block = find_block(lesson(), "teacher", "s", staff=True)
    page = block.render("author_view", {}).content

    assert "data-later" not in page
    assert "Hello" in page
    assert all(f"exp_{id}" in page for id in IDS)
    assert (assigned("teacher"), exposed("teacher")) == ([], [])
    assert not XBlockState.objects.filter(user_id="teacher").exists()


def test_panels_of_staff_hold_all_arms_and_assign_nobody() -> None:
    course = lesson()
    render(course, "teacher", "s", staff=True)
    panel = ask_for(course, "teacher", "s", unit(100), staff=True).json["html"]

    assert "Text of arm 1" in panel
    assert "Text of arm 2" in panel
    assert (assigned("teacher"), exposed("teacher")) == ([], [])


def test_panels_of_an_anonymous_user_are_the_first_arms_and_record_nothing() -> None:
    course = lesson()
    for page in all_of(course, None, "s")[1:]:
        assert "Text of arm 1" in page

    assert [list(experiments.get_exposures(COURSE_ID, id)) for id in IDS] == [[], [], []]


@pytest.mark.parametrize("wanted", ["group.experiment.100.2", "learner.ann"])
def test_panels_of_a_preview_leave_no_trace(wanted: str, settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "STAFF": ["teacher"]}
    lesson()
    segmentations.put_in_group(COURSE_ID, 100, "ann", 2, type="experiment")
    client = Client()
    sent = {"student": "teacher", "preview": wanted, "next": "/"}
    client.post(f"/courses/{NAME}/preview/", sent)
    link = {"student": "teacher", "activate_block_id": unit(101)}
    page = client.get(f"/scenario/{NAME}.s/", link).content.decode()
    assert selected(page) == unit(101)
    address = f"/handler/{usage_id('sequential', 's')}/open_panel/?student=teacher"
    response = client.post(address, {"unit": unit(100)}, content_type="application/json")

    assert "Text of arm 2" in response.json()["html"]
    assert "Text of arm 1" not in response.json()["html"]
    for user_id in ("ann", "teacher"):
        assert exposed(user_id) == []
        assert not XBlockState.objects.filter(user_id=user_id).exists()
    assert assigned("ann") == [100]


def test_a_panel_is_asked_for_by_post() -> None:
    lesson()
    address = f"/handler/{usage_id('sequential', 's')}/open_panel/?student=ann"

    assert Client().get(address).status_code == 405
    for body in ("", "{", "[]", "null", '"x"'):
        response = Client().post(address, body, content_type="application/json")
        assert response.status_code in (400, 404)
    assert exposed() == []
