"""A real course export of Open edX, if one is stored next to the project."""

from __future__ import annotations

import logging
import math
import re
from collections import Counter
from importlib.metadata import entry_points
from itertools import product
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.experiments.api import assign_users
from xblock_experiments.testing import (
    LoadedCourse,
    find_block,
    load_course,
    override_group,
    render,
    runtime_for,
)
from xblock_experiments.workbench.courses.registry import registry

COURSE = Path(__file__).parents[2] / "shared" / "courses" / "openedx-test-course"
EXPERIMENT = 1617092182
UNIT = "19bb0e826d014c15b3b4178ab9725c22"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not COURSE.is_dir(), reason=f"there is no course export at {COURSE}"),
]


@pytest.fixture
def course() -> LoadedCourse:
    return load_course(COURSE)


def test_the_course_is_read_with_its_segmentations(course: LoadedCourse) -> None:
    saved = segmentations.get_segmentations(course.course_id)

    assert course.course_id == "course-v1:TestX+Course+1"
    assert [(s.type, [g.name for g in s.groups]) for s in saved] == [
        ("experiment", ["Group 1A", "Group 1B", "Group 1C"]),
        ("cohort", ["Test Content Group X", "Test Content Group Z", "Test Content Group Y"]),
    ]


def test_every_problem_is_reported_with_its_file(course: LoadedCourse) -> None:
    for problem in course.problems:
        file, reason = problem.split(": ", 1)
        assert (COURSE / file).exists(), problem
        assert reason
    assert "drafts/: ignored: drafts are not published" in course.problems


def test_blocks_that_cannot_run_are_labelled_placeholders(course: LoadedCourse) -> None:
    named = {re.findall(r"<([\w-]+)>", p)[0] for p in course.problems if "placeholder" in p}

    assert named == {
        *("done", "edx_sga", "google-calendar", "google-document", "library_content"),
        *("library_sourced", "lti", "lti_consumer", "rate", "scorm"),
    }


@pytest.mark.parametrize("letter", ["A", "B", "C"])
def test_a_learner_sees_the_video_and_the_problem_of_their_group(
    course: LoadedCourse, letter: str
) -> None:
    group = next(
        group
        for group in segmentations.get_segmentation(course.course_id, EXPERIMENT).groups
        if group.name == f"Group 1{letter}"
    )
    with override_group(EXPERIMENT, group.id):
        page = render(course, "ann", UNIT)
        icon = find_block(course, "ann", UNIT).get_icon_class()
    videos = re.findall(r"Video for Group 1(\w)", page)
    arms = re.findall(r'data-child-id="(.*?)"', page)

    assert videos == [letter]
    assert len(arms) == 2
    assert all(f"Group ID {group.id}" == _display_name(course, arm) for arm in arms)
    for block_type in ("video", "problem"):
        assert page.count(f"data-block-type='{block_type}'") == 1
    assert icon == "problem"


def _display_name(course: LoadedCourse, usage_id: str) -> str:
    return str(runtime_for("ann").get_block(usage_id).display_name)


def test_every_learner_sees_one_letter_in_both_experiments(course: LoadedCourse) -> None:
    names = {
        g.id: g.name for g in segmentations.get_segmentation(course.course_id, EXPERIMENT).groups
    }
    for number in range(60):
        user_id = f"learner {number}"
        page = render(course, user_id, UNIT)
        group_ids = {
            int(_display_name(course, arm).removeprefix("Group ID "))
            for arm in re.findall(r'data-child-id="(.*?)"', page)
        }

        assert group_ids == segmentations.get_group_ids(course.course_id, EXPERIMENT, user_id)
        assert names[group_ids.pop()][-1] == re.findall(r"Video for Group 1(\w)", page)[0]


def test_three_thousand_learners_are_split_into_thirds(course: LoadedCourse) -> None:
    counts = assign_users(course.course_id, EXPERIMENT, (str(number) for number in range(3000)))

    assert isinstance(counts, Counter)
    assert len(counts) == 3
    for count in counts.values():
        assert abs(count - 1000) < 4 * math.sqrt(3000 * (1 / 3) * (2 / 3))


VISITORS = [("ann", False), ("teacher", True), (None, False)]


@pytest.mark.parametrize("letter", ["A", "B", "C"])
def test_every_block_opens_for_learners_of_each_group_for_staff_and_for_authors(
    course: LoadedCourse, letter: str, caplog: pytest.LogCaptureFixture
) -> None:
    group = next(
        group
        for group in segmentations.get_segmentation(course.course_id, EXPERIMENT).groups
        if group.name == f"Group 1{letter}"
    )
    blocks = registry.course_of(course.usage_id)
    assert blocks is not None
    with override_group(EXPERIMENT, group.id):
        for usage_id, (user_id, staff) in product(blocks.blocks, VISITORS):
            block = runtime_for(user_id, staff=staff).get_block(usage_id)
            for view in ("student_view", "author_view"):
                if hasattr(block, view):
                    content = block.render(view, {}).content
                    assert content
                    assert "This part of the page cannot be shown" not in content, usage_id

    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


def test_blocks_are_placeholders_only_if_no_installed_package_has_their_type(
    course: LoadedCourse,
) -> None:
    blocks = registry.course_of(course.usage_id)
    assert blocks is not None
    why = {
        block.type: runtime_for(None).get_block(usage_id).reason
        for usage_id, block in blocks.blocks.items()
        if block.is_placeholder
    }

    assert why.pop("lti").startswith("It needs user accounts")
    assert set(why.values()) == {"Its package is not installed."}
    for block_type in why:
        assert block_type not in installed_types()


def installed_types() -> set[str]:
    return {each.name for each in entry_points(group="xblock.v1")}


def test_the_course_is_served_with_its_files(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.XBLOCK_EXPERIMENTS = {"COURSES": [COURSE], "IMPORTED": tmp_path}

    assert "Example Content" in client.get("/scenario/openedx-test-course/").content.decode()
    (image,) = (COURSE / "static").glob("*.png")
    response = client.get(f"/courses/openedx-test-course/static/{image.name}")
    assert b"".join(response.streaming_content) == image.read_bytes()  # type: ignore[attr-defined]
