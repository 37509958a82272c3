"""The demo course, as learners of each group see it."""

from __future__ import annotations

import json
import math
from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.answers import body_of, send
from tests.panels import all_of
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.errors import NotStored
from xblock_experiments.experiments.api import assign_users
from xblock_experiments.gradebook.api import get_scores
from xblock_experiments.testing import (
    LoadedCourse,
    find_block,
    load_course,
    override_group,
)
from xblock_experiments.workbench.storage import serving

pytestmark = pytest.mark.django_db

DEMO = Path(__file__).parents[1] / "workbench" / "energy"
LESSONS = ("first_steps", "round_the_loop", "heat_per_unit", "at_home")
FILM, TEXT = 2101, 2102
EXAMPLE, HINT = 2201, 2202

HEAT, LIFT, JANUARY, DEGREES = ("3", "7"), ("43", "37"), ("8", "16"), ("choice_0", "choice_2")
"""A wrong and the right answer to the question of each experiment."""
ARMS = [
    ("why_it_moves_1", FILM, EXAMPLE, HEAT),
    ("why_it_moves_2", TEXT, EXAMPLE, HEAT),
    ("compressor_1", FILM, EXAMPLE, LIFT),
    ("compressor_2", TEXT, EXAMPLE, LIFT),
    ("your_turn_1", FILM, EXAMPLE, JANUARY),
    ("your_turn_2", FILM, HINT, JANUARY),
    ("warm_not_hot_1_task_1", FILM, EXAMPLE, DEGREES),
    ("warm_not_hot_1_task_2", FILM, HINT, DEGREES),
    ("warm_not_hot_2", TEXT, EXAMPLE, DEGREES),
]
FILMS = ("why_it_moves_1_main", "compressor_1_main", "warm_not_hot_1_main")


@pytest.fixture
def course() -> LoadedCourse:
    return load_course(DEMO)


def test_every_block_of_the_demo_course_can_run(course: LoadedCourse) -> None:
    assert course.course_id == "course-v1:DemoX+Energy+2026"
    assert course.problems == ()


@pytest.mark.parametrize(("style", "hint"), list(product((FILM, TEXT), (EXAMPLE, HINT))))
def test_every_lesson_opens_for_learners_of_every_group(
    course: LoadedCourse, style: int, hint: int
) -> None:
    with override_group(1617, style), override_group(1702, hint):
        pages = {name: "".join(all_of(course, "ann", name)) for name in LESSONS}
    seen, unseen = ("_1", "_2") if style == FILM else ("_2", "_1")

    assert f"block@why_it_moves{seen}" in pages["first_steps"]
    assert f"block@why_it_moves{unseen}" not in pages["first_steps"]
    assert f"block@compressor{seen}" in pages["round_the_loop"]
    assert f"block@compressor{unseen}" not in pages["round_the_loop"]
    assert ("warm_not_hot_1_task" in pages["at_home"]) == (style == FILM)
    assert ("your_turn_1" in pages["heat_per_unit"]) == (hint == EXAMPLE)
    for page in pages.values():
        assert "nothing for you" not in page
        assert "cannot be shown" not in page
        assert "xbx-placeholder" not in page


@pytest.mark.parametrize(("arm", "style", "hint", "answers"), ARMS)
def test_the_question_in_each_arm_is_graded_and_its_score_is_stored(
    course: LoadedCourse, arm: str, style: int, hint: int, answers: tuple[str, str]
) -> None:
    question = f"{arm}_question"
    with override_group(1617, style), override_group(1702, hint):
        verdicts = [body_of(send(course, "ann", question, answer=each)) for each in answers]

    assert [verdict["success"] for verdict in verdicts] == ["incorrect", "correct"]
    ((usage_id, score),) = get_scores(course.course_id, "ann").items()
    assert usage_id.endswith(f"block@{question}")
    assert (score.earned, score.possible) == (1, 1)


@pytest.mark.parametrize(
    ("question", "right"),
    [
        ("loop_question", "choice_1"),
        ("valve_question", "The Expansion Valve"),
        ("bill_question", ["choice_0", "choice_2", "choice_3"]),
    ],
)
def test_the_questions_outside_the_experiments_are_graded_for_all_learners(
    course: LoadedCourse, question: str, right: str | list[str]
) -> None:
    assert body_of(send(course, "ann", question, answer=right))["success"] == "correct"


def test_all_arms_of_an_experiment_end_with_the_same_question() -> None:
    for answers in (HEAT, LIFT, JANUARY, DEGREES):
        arms = [arm for arm, _, _, each in ARMS if each == answers]
        texts = [(DEMO / "problem" / f"{arm}_question.xml").read_text() for arm in arms]

        assert len(texts) >= 2
        assert len(set(texts)) == 1


def test_questions_count_for_the_grade_and_inherit_the_settings_of_the_course_policy(
    course: LoadedCourse,
) -> None:
    for arm, _, _, answers in ARMS:
        block = find_block(course, "ann", f"{arm}_question")
        is_typed = answers in (HEAT, JANUARY)

        assert block.graded
        assert block.showanswer == "finished"
        assert block.max_attempts == (3 if is_typed else 2)


@pytest.mark.parametrize("film", FILMS)
def test_each_video_has_a_file_and_transcripts(course: LoadedCourse, film: str) -> None:
    block = find_block(course, "ann", film)
    (source,) = block.html5_sources
    (english, *others) = (cues(block, language) for language in sorted(block.transcripts))

    assert 0 < (DEMO / source.lstrip("/")).stat().st_size < 150_000
    assert 8 <= len(english["text"]) <= 15
    assert english["start"][1:] == english["end"][:-1]
    for other in others:
        assert other["start"] == english["start"]
        assert len(other["text"]) == len(english["text"])


def cues(film: Any, language: str) -> dict[str, list[Any]]:
    """Return the lines of the video's transcript with their times."""
    config = film.runtime.service(film, "video_config")
    transcript: dict[str, list[Any]] = json.loads(config.get_transcript(film, language, "sjson")[0])
    return transcript


def test_learners_are_split_three_to_one_if_the_weights_say_so(course: LoadedCourse) -> None:
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


def test_a_course_that_the_database_could_not_store_is_stored_at_the_next_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def cannot(*_: object, **__: object) -> None:
        msg = "the database is locked"
        raise NotStored(msg)

    with monkeypatch.context() as patch:
        patch.setattr(serving, "save_segmentations", cannot)
        serving.serve()
    assert segmentations.get_segmentations("course-v1:DemoX+Energy+2026") == ()
    serving.serve()

    assert segmentations.get_segmentations("course-v1:DemoX+Energy+2026")
