"""The demo course: what a newcomer sees first, for learners of each group."""

from __future__ import annotations

import math
from collections import Counter
from itertools import product
from pathlib import Path

import pytest

from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.errors import NotStored
from xblock_experiments.experiments.api import assign_users
from xblock_experiments.testing import LoadedCourse, load_course, override_group, render
from xblock_experiments.workbench import runtime as workbench_runtime
from xblock_experiments.workbench import serving

pytestmark = pytest.mark.django_db

DEMO = Path(__file__).parents[1] / "workbench" / "energy"
LESSONS = ("first_steps", "round_the_loop", "heat_per_unit", "at_home")
FILM, TEXT = 2101, 2102
EXAMPLE, HINT = 2201, 2202


@pytest.fixture
def course() -> LoadedCourse:
    return load_course(DEMO)


def test_all_of_it_can_run(course: LoadedCourse) -> None:
    assert course.course_id == "course-v1:DemoX+Energy+2026"
    assert course.problems == (
        "policies/2026/grading_policy.json: no block that can run here refers to it",
    )


@pytest.mark.parametrize(("style", "hint"), list(product((FILM, TEXT), (EXAMPLE, HINT))))
def test_every_lesson_opens_for_learners_of_every_group(
    course: LoadedCourse, style: int, hint: int
) -> None:
    with override_group(1617, style), override_group(1702, hint):
        pages = {name: render(course, "ann", name) for name in LESSONS}
    seen, unseen = ("_1", "_2") if style == FILM else ("_2", "_1")

    assert f"block@why_it_moves{seen}" in pages["first_steps"]
    assert f"block@why_it_moves{unseen}" not in pages["first_steps"]
    assert f"block@compressor{seen}" in pages["round_the_loop"]
    assert f"block@compressor{unseen}" not in pages["round_the_loop"]
    assert ("warm_not_hot_1_task" in pages["at_home"]) == (style == FILM)
    assert ("your_turn_1" in pages["heat_per_unit"]) == (hint == EXAMPLE)
    assert not any("nothing for you" in page for page in pages.values())


def test_learners_split_three_to_one_where_the_weights_say_so(course: LoadedCourse) -> None:
    users = [f"student_{number}" for number in range(2000)]
    counts = assign_users(course.course_id, 1702, users)
    sigma = math.sqrt(len(users) * 0.75 * 0.25)

    assert abs(counts[EXAMPLE] - len(users) * 0.75) < 4 * sigma


def test_the_two_segmentations_are_independent(course: LoadedCourse) -> None:
    users = [f"student_{number}" for number in range(2000)]
    assign_users(course.course_id, 1617, users)
    assign_users(course.course_id, 1702, users)
    groups = {
        id: {
            m.user_id: m.group_id
            for m in segmentations.get_members(course.course_id, id, type="experiment")
        }
        for id in (1617, 1702)
    }
    both = Counter((groups[1617][user], groups[1702][user]) for user in users)

    for style, hint in product((FILM, TEXT), (EXAMPLE, HINT)):
        share = 0.5 * (0.75 if hint == EXAMPLE else 0.25)
        sigma = math.sqrt(len(users) * share * (1 - share))
        assert abs(both[style, hint] - len(users) * share) < 4 * sigma


def test_a_course_that_the_database_could_not_store_is_served_with_the_next_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def cannot(*_: object, **__: object) -> None:
        msg = "the database is locked"
        raise NotStored(msg)

    with monkeypatch.context() as patch:
        patch.setattr(workbench_runtime, "save_segmentations", cannot)
        serving.serve()
    assert segmentations.get_segmentations("course-v1:DemoX+Energy+2026") == ()
    serving.serve()

    assert segmentations.get_segmentations("course-v1:DemoX+Energy+2026")
