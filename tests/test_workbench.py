"""The xblock-sdk's workbench with this project's apps."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import lxml.html
import pytest
from django.test import Client
from pytest_django import Settings
from workbench.models import XBlockState
from workbench.runtime_util import reset_global_state
from xblock.core import XBlock

from tests.blocks import user_info
from tests.builders import COURSE_ID, course_xml, experiment, split_test_xml
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.services import COURSE
from xblock_experiments.testing import load_course
from xblock_experiments.workbench.apps import BLOCK_TYPES
from xblock_experiments.workbench.pages.scenarios import get_scenarios
from xblock_experiments.workbench.storage.serving import load

pytestmark = pytest.mark.django_db

DEMO = Path(__file__).parents[1] / "workbench" / "energy"


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


@pytest.mark.filterwarnings("ignore:.*thumbsvotes:pytest.PytestUnraisableExceptionWarning")
def test_the_scenarios_of_the_sdk_still_render(client: Client) -> None:
    reset_global_state()
    scenarios = [id for id in get_scenarios() if re.fullmatch(r"\w+\.\d+", id)]

    assert len(scenarios) >= 7
    for scenario_id in scenarios:
        html: Any = lxml.html.fromstring(page(client, f"/scenario/{scenario_id}/"))
        for vertical in html.xpath('//div[@class="vertical"]'):
            assert len(vertical), f"{scenario_id}: a vertical is empty"


def test_a_scenario_of_the_sdk_may_contain_our_blocks(client: Client) -> None:
    from workbench.scenarios import add_xml_scenario, remove_scenario

    reset_global_state()
    add_xml_scenario("mine", "My scenario", course_xml(split_test_xml()))
    try:
        html = page(client, "/scenario/mine/?student=ann")
    finally:
        remove_scenario("mine")

    (group_id,) = segmentations.get_group_ids("my-scenario", 100, "ann")
    assert f"Text of arm {group_id}" in html
    assert f"Text of arm {3 - group_id}" not in html
    assert "own name" not in html


def test_our_block_types_are_registered_in_this_process_without_entry_points() -> None:
    from importlib.metadata import distribution

    installed = {point.name for point in distribution("xblock-experiments").entry_points}
    for name, path in BLOCK_TYPES.items():
        assert XBlock.load_class(name).__module__ == path.partition(":")[0]
        assert name not in installed


def test_the_workbench_lists_the_demo_course_and_shows_it(client: Client) -> None:
    assert "/scenario/energy/" in page(client, "/")
    assert "Moving heat uphill" in page(client, "/scenario/energy/?student=student_1")


@pytest.mark.parametrize(
    "address", ["/scenario/energy.nowhere/", "/scenario/energy./", "/scenario/x.y/"]
)
def test_an_unknown_address_is_not_found(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404


def test_a_block_of_another_arm_opens_for_staff_only(client: Client, settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "STAFF": ["teacher"]}
    load(course_xml(split_test_xml()), name="tests")
    segmentations.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")

    for url_name in ("exp_b", "exp_b_text"):
        assert "Text of arm 2" not in page(client, f"/scenario/tests.{url_name}/?student=ann")
        assert "Text of arm 2" in page(client, f"/scenario/tests.{url_name}/?student=teacher")
    assert "Text of arm 1" in page(client, "/scenario/tests.exp_a/?student=ann")


def test_requests_to_a_block_of_another_arm_are_refused(client: Client) -> None:
    inner = f'<sequential url_name="s">{split_test_xml("inner", id=200)}</sequential>'
    text = '<html url_name="exp_a_text">Text of arm 1</html>'
    xml = split_test_xml().replace(text, inner)
    load(course_xml(xml, segmentations=(experiment(100), experiment(200))), name="tests")
    segmentations.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")
    segmentations.put_in_group(COURSE_ID, 100, "bob", 2, type="experiment")
    address = "/handler/block-v1:DemoX+Tests+2026+type@sequential+block@s/goto_position/"

    answers = [
        client.post(f"{address}?student={user_id}", '{"position": 1}', "application/json")
        for user_id in ("ann", "bob")
    ]
    assert [answer.status_code for answer in answers] == [200, 403]


def test_blocks_with_the_same_url_name_have_their_own_pages(client: Client) -> None:
    lesson = '<sequential url_name="week1" display_name="The lesson"/>'
    load(
        course_xml(f'<chapter url_name="week1" display_name="A week">{lesson}</chapter>'), name="w"
    )

    assert 'href="/scenario/w.sequential.week1/?' in page(client, "/scenario/w/")
    assert "This lesson has no content yet" in page(client, "/scenario/w.sequential.week1/")


def test_the_whole_page_contains_nothing_of_another_arm(client: Client) -> None:
    load(course_xml(f'<vertical url_name="v">{split_test_xml()}</vertical>'), name="tests")
    segmentations.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")

    for address in ("tests", "tests.v", "tests.exp"):
        html = page(client, f"/scenario/{address}/?student=ann")
        assert "Text of arm 2" not in html
        assert "exp_b" not in html
        assert "Group" not in html


@pytest.mark.parametrize(
    "student", ["unknown", "", "x" * 300, "a%00b", "%F0%9F%99%82", "%3Cscript%3E", "../..", "a%26b"]
)
def test_any_student_id_gets_a_page(client: Client, student: str) -> None:
    for url_name in ("first_steps", "why_it_moves"):
        html = page(client, f"/scenario/energy.{url_name}/?student={student}")
        assert "'<script>'" not in html


def test_a_handler_works_in_a_process_that_has_shown_no_page(client: Client) -> None:
    usage_id = "block-v1:DemoX+Energy+2026+type@split_test+block@why_it_moves"
    response = client.post(f"/handler/{usage_id}/log_child_render/?student=ann")

    assert response.status_code == 200


@pytest.mark.parametrize(
    "usage_id",
    [
        "block-v1:DemoX+Energy+2026+type@split_test+block@nowhere",
        "block-v1:Other+Course+1+type@split_test+block@why_it_moves",
        "block-v1:nonsense",
        "nonsense",
        "a.b.c.d",
    ],
)
def test_a_handler_of_an_unknown_block_is_not_found(client: Client, usage_id: str) -> None:
    assert client.post(f"/handler/{usage_id}/log_child_render/").status_code == 404


def test_scripts_and_styles_of_our_blocks_are_served(client: Client) -> None:
    html = page(client, "/scenario/energy.first_steps/?student=ann")
    resources = re.findall(r"(?:src|href)=['\"](/resource/.*?)['\"]", html)

    assert resources
    for resource in resources:
        assert client.get(resource).status_code == 200, resource


@pytest.mark.usefixtures("_without_openedx_blocks")
def test_our_part_of_the_page_has_no_inline_script_or_style() -> None:
    from xblock_experiments.testing import render

    course = load_course(course_xml(f'<sequential url_name="s">{split_test_xml()}</sequential>'))
    html = render(course, "ann", "s")

    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", html)


def test_only_files_of_a_course_are_served(client: Client) -> None:
    response = client.get("/courses/energy/static/loop.svg")
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]

    assert content == (DEMO / "static" / "loop.svg").read_bytes()
    assert response["Content-Type"] == "image/svg+xml"
    for path in ("nowhere.svg", "../course.xml", "%2e%2e/course.xml", "..%2fcourse.xml", "", "%00"):
        assert client.get(f"/courses/energy/static/{path}").status_code == 404
    assert client.get("/courses/other/static/loop.svg").status_code == 404


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-", slice(0, None)),
        ("bytes=10-19", slice(10, 20)),
        ("bytes=100-999999", slice(100, None)),
        ("bytes=-7", slice(-7, None)),
    ],
)
def test_byte_ranges_of_a_file_are_served_for_seeking_in_videos(
    client: Client, wanted: str, part: slice
) -> None:
    response = client.get("/courses/energy/static/loop.svg", headers={"range": wanted})
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    whole = (DEMO / "static" / "loop.svg").read_bytes()

    assert response.status_code == 206
    assert content == whole[part]
    assert response["Content-Length"] == str(len(content))
    start, stop, _ = part.indices(len(whole))
    assert response["Content-Range"] == f"bytes {start}-{stop - 1}/{len(whole)}"
    assert response["Content-Type"] == "image/svg+xml"
    assert "sandbox" in response["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("wanted", "status"),
    [("bytes=999999-", 416), ("bytes=5-4", 416), ("bytes=-0", 416), ("bytes=-", 200)]
    + [(each, 200) for each in ("", "lines=1-2", "bytes=0-1,4-5", "bytes=" + "9" * 5000 + "-")],
)
def test_an_invalid_byte_range_is_refused_or_gives_the_whole_file(
    client: Client, wanted: str, status: int
) -> None:
    response = client.get("/courses/energy/static/loop.svg", headers={"range": wanted})
    response.close()

    assert response.status_code == status


def test_files_of_a_course_cannot_run_scripts_in_the_browser(client: Client) -> None:
    response = client.get("/courses/energy/static/loop.svg")
    response.close()

    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]


def test_an_unreadable_course_does_not_prevent_others_from_being_served(
    client: Client, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    settings.XBLOCK_EXPERIMENTS = {"COURSES": [broken, DEMO], "IMPORTED": tmp_path / "none"}
    html = page(client, "/")

    assert "/scenario/energy/" in html
    assert "holds no course.xml" in caplog.text


# Deleting answers


def answer(client: Client, user_id: str) -> None:
    """Open another tab of a lesson, which the lesson stores."""
    usage_id = "block-v1:DemoX+Energy+2026+type@sequential+block@first_steps"
    address = f"/handler/{usage_id}/goto_position/?student={user_id}"
    response = client.post(address, {"position": 2}, "application/json")
    assert response.status_code == 200


def test_deleting_answers_says_how_many_learners_had_some_and_keeps_the_rest(
    client: Client,
) -> None:
    page(client, "/scenario/energy.why_it_moves/?student=ann")
    for user_id in ("ann", "Ann", "teacher"):
        answer(client, user_id)
    user_info("ann").set(COURSE, "seen", 1)
    response = client.post("/reset_state/delete", {"next": "/scenario/energy/"}, follow=True)
    said = response.content.decode()

    assert "Learners who had answers: 2. Groups, scores and tags are kept." in said
    assert 'href="/scenario/energy/"' in said
    assert client.get("/userlist/").json() == []
    assert user_info("ann").get(COURSE, "seen") == 1
    assert "Moving heat uphill" in page(client, "/scenario/energy/")
    assert segmentations.get_group_ids("course-v1:DemoX+Energy+2026", 1617, "ann")


@pytest.mark.parametrize("method", ["get", "post"])
def test_answers_are_deleted_only_after_a_question(client: Client, method: str) -> None:
    answer(client, "ann")
    response = getattr(client, method)("/reset_state", headers={"referer": "http://testserver/x"})
    asked = response.content.decode()

    assert "Delete all learners&#x27; answers in all courses?" in asked
    assert "tags are kept" in asked
    assert 'href="http://testserver/x"' in asked
    assert client.get("/userlist/").json() == ["ann"]


def test_answers_are_not_deleted_by_another_site_or_a_link(client: Client) -> None:
    answer(client, "ann")
    strict = Client(enforce_csrf_checks=True)

    assert strict.post("/reset_state/delete").status_code == 403
    assert strict.get("/reset_state/delete").status_code == 405
    assert client.get("/userlist/").json() == ["ann"]


@pytest.mark.parametrize("target", ["https://example.com/", "//example.com", "javascript:alert(1)"])
def test_the_question_leads_back_to_pages_of_the_workbench_only(
    client: Client, target: str
) -> None:
    html: Any = lxml.html.fromstring(page(client, f"/reset_state?next={quote(target)}"))

    assert {*html.xpath("//main//a/@href")} == {"/"}


def test_the_list_of_users_has_state_without_a_user_left_out(client: Client) -> None:
    XBlockState.objects.create(scope="usage", scope_id="a.b.c", user_id=None, state='{"a": 1}')
    answer(client, "bob")
    answer(client, "ann")

    assert client.get("/userlist/").json() == ["ann", "bob"]


def test_the_admin_shows_learners_state_and_changes_nothing(admin_client: Client) -> None:
    answer(admin_client, "ann")
    pages = "/admin/workbench/xblockstate/"
    row = XBlockState.objects.get()

    assert "sequential" in page(admin_client, pages)
    assert "sequential" in page(admin_client, f"{pages}{row.pk}/change/")
    assert admin_client.get(f"{pages}add/").status_code == 403
    assert admin_client.post(f"{pages}{row.pk}/change/", {"state": "{}"}).status_code == 403
    assert admin_client.post(f"{pages}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    sent = {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"}
    admin_client.post(pages, sent)
    assert XBlockState.objects.get().state == row.state


# The log


def test_the_log_names_what_in_a_course_cannot_be_used(
    client: Client, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "xblock_experiments.workbench")
    (tmp_path / "course.xml").write_text(course_xml())
    (tmp_path / "notes.txt").write_text("Nothing that a course has.")
    settings.XBLOCK_EXPERIMENTS = {"COURSES": [tmp_path], "IMPORTED": tmp_path / "none"}
    page(client, "/")

    assert f"Serving {COURSE_ID}. Items that cannot be used: 2." in caplog.text
    assert "Not used: notes.txt: not used" in caplog.text


def test_the_log_names_the_first_of_many_things_that_cannot_be_used(
    client: Client, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "xblock_experiments.workbench")
    (tmp_path / "course.xml").write_text(course_xml("<discussion/>" * 24))
    settings.XBLOCK_EXPERIMENTS = {"COURSES": [tmp_path], "IMPORTED": tmp_path / "none"}
    page(client, "/")

    assert caplog.text.count("Not used: ") == 20
    assert "Items that are not listed: 5." in caplog.text


def test_the_log_has_the_times_of_events() -> None:
    from xblock_experiments.settings import workbench

    assert workbench.TIME_ZONE == "UTC"
    assert time.strftime("%H:%M", time.localtime(0)) == "00:00"
