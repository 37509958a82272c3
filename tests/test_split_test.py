"""The block that shows each learner one arm."""

from __future__ import annotations

import json
from typing import Any

import pytest
import webob
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.builders import COURSE_ID, course_xml, experiment, segmentation, split_test_xml
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.course_user_segmentation.data import UserSegmentation
from xblock_experiments.experiments.api import get_exposures, get_group
from xblock_experiments.testing import (
    LoadedCourse,
    find_block,
    load_course,
    override_group,
    render,
)

pytestmark = pytest.mark.django_db

NOTHING = "There is nothing for you to do here."


def lesson(*content: str, **options: Any) -> LoadedCourse:
    unit = f'<vertical url_name="unit">{"".join(content)}</vertical>'
    return load_course(course_xml(f'<sequential url_name="s">{unit}</sequential>', **options))


def members() -> list[str]:
    return [m.user_id for m in segmentations.get_members(COURSE_ID, 100, type="experiment")]


def exposures() -> list[str]:
    return [exposure.user_id for exposure in get_exposures(COURSE_ID, 100)]


@pytest.mark.parametrize(("group_id", "other"), [(1, 2), (2, 1)])
def test_a_learner_is_shown_only_the_arm_of_their_group(group_id: int, other: int) -> None:
    course = lesson(split_test_xml())
    other_arm = "ab"[other - 1]
    with override_group(100, group_id):
        for url_name in ("exp", "unit", "s"):
            page = render(course, "ann", url_name)

            assert f"Text of arm {group_id}" in page
            assert f"Text of arm {other}" not in page
            assert f"exp_{other_arm}" not in page
            assert "Group " not in page
            assert "own name" not in page


def test_the_arm_is_wrapped_as_by_open_edx() -> None:
    course = lesson(split_test_xml())
    with override_group(100, 1):
        page = render(course, "ann", "exp")

    child = "block-v1:DemoX+Tests+2026+type@vertical+block@exp_a"
    assert f'<div class="split-test-view" data-child-id="{child}">' in page
    assert "data-init='SplitTestStudentView'" in page


def test_showing_the_arm_assigns_the_group_permanently() -> None:
    course = lesson(split_test_xml())
    page = render(course, "ann", "exp")
    group = get_group(COURSE_ID, 100, "ann")

    assert group is not None
    assert f"Text of arm {group.id}" in page
    assert render(course, "ann", "exp") == page


def test_all_experiments_of_one_segmentation_show_the_same_group() -> None:
    course = lesson(split_test_xml("one"), split_test_xml("two"))
    for user in range(20):
        page = render(course, f"user {user}", "unit")

        assert page.count("Text of arm 1") in (0, 2)
        assert page.count("Text of arm 2") in (0, 2)


def test_an_exposure_is_recorded_once_for_each_block() -> None:
    course = lesson(split_test_xml("one"), split_test_xml("two"))
    for _ in range(2):
        render(course, "ann", "unit")

    found = [(exposure.user_id, exposure.usage_id) for exposure in get_exposures(COURSE_ID, 100)]
    ids = [f"block-v1:DemoX+Tests+2026+type@split_test+block@{name}" for name in ("one", "two")]
    assert found == [("ann", ids[0]), ("ann", ids[1])]


def test_only_showing_the_arm_assigns() -> None:
    course = lesson(split_test_xml())
    block = find_block(course, "ann", "exp")

    assert block.get_child_blocks() == []
    assert block.get_icon_class() == "other"
    assert block.tooltip_title == ""
    assert block.get_content_titles() == []
    assert block.max_score() is None
    assert block.has_dynamic_children()
    render(course, "ann")
    assert (members(), exposures()) == ([], [])


def test_the_icon_and_title_in_the_navigation_are_those_of_the_arm() -> None:
    course = lesson(
        split_test_xml().replace("<html url_name", '<html display_name="A text" url_name')
    )
    segmentations.put_in_group(COURSE_ID, 100, "ann", 2, type="experiment")
    block = find_block(course, "ann", "exp")

    assert [child.display_name for child in block.get_child_blocks()] == ["Unit of arm 2"]
    assert block.tooltip_title == "Unit of arm 2"
    assert block.get_content_titles() == ["A text"]


@pytest.mark.parametrize("nobody", [None, ""])
def test_an_anonymous_user_sees_the_first_arm_without_assignment_or_exposure(
    nobody: str | None,
) -> None:
    course = lesson(split_test_xml())
    page = render(course, nobody, "exp")

    assert "Text of arm 1" in page
    assert "Text of arm 2" not in page
    assert (members(), exposures()) == ([], [])


def test_staff_see_every_arm_by_name_and_are_not_assigned() -> None:
    course = lesson(split_test_xml())
    page = render(course, "teacher", "unit", staff=True)

    for text in ("Text of arm 1", "Text of arm 2", "Group 1", "Group 2"):
        assert text in page
    assert (members(), exposures()) == ([], [])


NO_CHILD = split_test_xml(group_id_to_child='{"1": "gone", "2": "gone too"}')
NO_SEGMENTATION = split_test_xml().replace('user_partition_id="100"', "")
EMPTY = segmentation(100, "experiment", ())


@pytest.mark.parametrize(
    ("xml", "segmentations"),
    [
        pytest.param(NO_CHILD, (), id="mapped child missing"),
        pytest.param(split_test_xml(group_id_to_child="{}"), (), id="no mapping"),
        pytest.param(split_test_xml(group_id_to_child='{"7": "exp_a"}'), (), id="unknown group"),
        pytest.param(split_test_xml(group_id_to_child="{not json"), (), id="mapping no json"),
        pytest.param(split_test_xml(group_id_to_child='["exp_a"]'), (), id="mapping a list"),
        pytest.param(
            split_test_xml(group_id_to_child='{"1": {"a": []}, "2": null}'),
            (),
            id="mapped to no id",
        ),
        pytest.param('<split_test url_name="exp"/>', (), id="nothing at all"),
        pytest.param(NO_SEGMENTATION, (), id="no segmentation"),
        pytest.param(split_test_xml(id=999), (), id="segmentation of no course"),
        pytest.param(split_test_xml(user_partition_id="abc"), (), id="segmentation id no number"),
        pytest.param(split_test_xml(user_partition_id="9" * 400), (), id="segmentation id huge"),
        pytest.param(split_test_xml(), (EMPTY,), id="no groups"),
        pytest.param(split_test_xml(), (experiment(weights=(0, 0)),), id="no weights"),
        pytest.param(split_test_xml(), (experiment(active=False),), id="inactive"),
    ],
)
def test_a_learner_sees_a_short_message_if_the_experiment_is_broken(
    xml: str, segmentations: tuple[UserSegmentation, ...]
) -> None:
    course = lesson(xml, segmentations=segmentations)

    for user_id in ("ann", "x" * 300, "a\x00b", None):
        for url_name in ("exp", "s"):
            assert NOTHING in render(course, user_id, url_name)
    assert render(course, "teacher", "exp", staff=True)
    assert exposures() == []


def test_a_learner_with_an_invalid_id_sees_a_short_message() -> None:
    course = lesson(split_test_xml())

    assert NOTHING in render(course, "x" * 300, "s")


def test_group_0_has_an_arm() -> None:
    mapping = json.dumps({"0": "exp_a", "5": "exp_b"})
    xml = split_test_xml(id=0, group_id_to_child=mapping)
    course = lesson(xml, segmentations=(experiment(0, 0, 5),))
    segmentations.put_in_group(COURSE_ID, 0, "ann", 0, type="experiment")

    assert "Text of arm 1" in render(course, "ann", "exp")


def test_an_empty_arm_shows_nothing() -> None:
    xml = (
        '<split_test url_name="exp" user_partition_id="100" '
        'group_id_to_child="{&quot;1&quot;: &quot;a&quot;}"><vertical url_name="a"/></split_test>'
    )
    with override_group(100, 1):
        page = render(lesson(xml), "ann", "exp")

    assert "xbx-vertical" in page
    assert NOTHING not in page


@pytest.mark.parametrize("form", ["i4x://Other/Course/{}/x", "block-v1:O+C+R+type@{}+block@x"])
def test_arms_with_the_same_url_name_are_distinguished_by_type(form: str) -> None:
    mapping = json.dumps({"1": form.format("html"), "2": form.format("vertical")})
    written = mapping.replace('"', "&quot;")
    xml = (
        f'<split_test url_name="exp" user_partition_id="100" group_id_to_child="{written}">'
        '<html url_name="x">Text of arm 1</html>'
        '<vertical url_name="x"><html url_name="y">Text of arm 2</html></vertical></split_test>'
    )
    course = lesson(xml)
    for group_id in (1, 2):
        with override_group(100, group_id):
            assert f"Text of arm {group_id}" in render(course, "ann", "exp")


def test_the_breadcrumbs_of_a_lesson_inside_an_arm_do_not_name_the_experiment() -> None:
    text = '<html url_name="exp_a_text">Text of arm 1</html>'
    xml = split_test_xml().replace(text, '<sequential url_name="inside"/>')
    with override_group(100, 1):
        page = render(lesson(xml), "ann", "inside")

    assert "Unit of arm 1" in page
    assert "own name" not in page


def test_an_experiment_inside_an_arm_is_reachable_only_through_that_arm() -> None:
    inner = split_test_xml("inner", id=200)
    outer = split_test_xml("outer").replace(
        '<html url_name="outer_a_text">Text of arm 1</html>', inner
    )
    course = lesson(outer, segmentations=(experiment(100), experiment(200)))
    segmentations.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")
    segmentations.put_in_group(COURSE_ID, 100, "bob", 2, type="experiment")
    render(course, "ann", "s")
    render(course, "bob", "s")

    assert get_group(COURSE_ID, 200, "ann")
    assert get_group(COURSE_ID, 200, "bob") is None
    assert [exposure.user_id for exposure in get_exposures(COURSE_ID, 200)] == ["ann"]


def post(block: Any, method: str = "POST") -> Any:
    return block.handle("log_child_render", webob.Request.blank("/", method=method))


def test_an_event_is_emitted_if_the_browser_reports_that_it_shows_the_arm(
    caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    course = lesson(split_test_xml())
    segmentations.put_in_group(COURSE_ID, 100, "ann", 2, type="experiment")
    with (
        caplog.at_level("INFO", "xblock_experiments.events"),
        django_capture_on_commit_callbacks(execute=True),
    ):
        response = post(find_block(course, "ann", "exp"))

    assert (response.status_code, response.body) == (200, b"")
    (event,) = [json.loads(record.message) for record in caplog.records]
    assert event["name"] == "xblock.split_test.child_render"
    assert event["data"] == {
        "child_id": "block-v1:DemoX+Tests+2026+type@vertical+block@exp_b",
        "usage_id": "block-v1:DemoX+Tests+2026+type@split_test+block@exp",
        "course_id": COURSE_ID,
        "user_id": "ann",
    }


def test_a_report_of_the_browser_assigns_nobody_and_must_be_a_post_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    course = lesson(split_test_xml())
    with caplog.at_level("INFO", "xblock_experiments.events"):
        assert post(find_block(course, "ann", "exp")).status_code == 200
        assert post(find_block(course, "ann", "exp"), "GET").status_code == 405

    assert members() == []
    assert caplog.records == []


def test_a_repeated_view_takes_two_queries() -> None:
    course = lesson(split_test_xml())
    render(course, "ann", "exp")
    with CaptureQueriesContext(connection) as queries:
        render(course, "ann", "exp")

    assert len(queries) == 2
