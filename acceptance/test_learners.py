"""Learners at work in the experiments of the demo course."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from acceptance import demo
from acceptance.demo import Learner, Material
from acceptance.pages import CourseOutlinePage, LessonPage, Tab, TabState
from acceptance.problems import Problem, Video
from acceptance.server import Workbench

ASSIGNED = "xmodule.partitions.assigned_user_to_partition"
CHILD_RENDER = "xblock.split_test.child_render"

NewLearner = Callable[..., Learner]

WATCH = "Watch: moving heat uphill"
READ = "Read: moving heat uphill"
READERS_TITLES = ["Welcome", "Is there heat in cold air?", READ]
"""The titles of the tabs in `first_steps` for a learner of the group Text."""
READERS_TABS = [*READERS_TITLES[:2], f"Problem {READ}"]
"""The same tabs as screen readers announce them."""
TALL = (1100, 2400)
"""A window size that needs no scrolling."""


def usage_id(block_type: str, url_name: str) -> str:
    return f"block-v1:DemoX+Energy+2026+type@{block_type}+block@{url_name}"


def vertical(url_name: str) -> str:
    return usage_id("vertical", url_name)


def split_test(url_name: str) -> str:
    return usage_id("split_test", url_name)


def tab(icon: str, title: str, kind: str = "") -> Tab:
    return Tab(f"seq_{icon}", title, tooltip=title, name=f"{kind} {title}".strip())


def only_selected(number: int, *, of: int = 3) -> list[TabState]:
    """Return the states of tabs if only the selected one is focusable and has a visible panel."""
    selected = TabState("true", 0, is_panel_hidden=False)
    other = TabState("false", -1, is_panel_hidden=True)
    return [selected if index == number else other for index in range(of)]


def traces(material: Material, source: str) -> set[str]:
    """Return the parts of the material that are in the source of a page."""
    visible_later = material.url_names | material.names | material.texts | material.later
    return {text for text in visible_later if text in source}


def labels(source: str) -> list[str]:
    """Return the names given by researchers that are in the source of a page."""
    return [label for label in demo.labels() if re.search(rf"\b{re.escape(label)}\b", source)]


def open_unit(
    browser: Any, workbench: Workbench, learner: Learner, lesson: str, unit: str
) -> LessonPage:
    page = LessonPage(browser, workbench.url, learner.user_id, lesson)
    page.resize(*TALL)
    page.visit()
    page.open(unit)
    return page


@dataclass(frozen=True)
class Question:
    """A problem and a learner's answers to it."""

    unit: str
    url_name: str
    wrong: str
    right: str
    answer: Callable[[Problem, str], None]
    answered: Callable[[Problem], str]
    attempts: int


TYPED = (Problem.type, lambda problem: problem.typed)
SELECTED = (Problem.select, lambda problem: problem.selected)
CHOSEN = (Problem.choose, lambda problem: ", ".join(problem.chosen))


def heat(arm: str, unit: str) -> Question:
    return Question(unit, f"{arm}_question", "3", "7", *TYPED, attempts=3)


def lift(arm: str) -> Question:
    unit = "What the compressor does"
    return Question(unit, f"{arm}_question", "43", "37", *SELECTED, attempts=2)


def january(arm: str) -> Question:
    return Question("Your turn", f"{arm}_question", "8", "16", *TYPED, attempts=3)


def degrees(arm: str) -> Question:
    unit = "Warm radiators, not hot ones"
    return Question(unit, f"{arm}_question", "80 kWh", "400 kWh", *CHOSEN, attempts=2)


def test_a_learner_opens_a_lesson_from_the_outline_and_returns(
    browser: Any, workbench: Workbench, new_learner: NewLearner
) -> None:
    learner = new_learner().user_id
    outline = CourseOutlinePage(browser, workbench.url, learner).visit()
    assert outline.links == [
        "Moving heat uphill",
        "Warmth from cold air",
        "Round the loop",
        "What it costs to run",
        "More heat than electricity",
        "In your own home",
    ]

    outline.follow("Warmth from cold air")
    lesson = LessonPage(browser, workbench.url, learner, "first_steps").wait_for_page()
    assert lesson.heading == "Warmth from cold air"
    assert lesson.path == [demo.COURSE_TITLE, "Moving heat uphill"]

    lesson.follow("Moving heat uphill")
    chapter = CourseOutlinePage(browser, workbench.url, learner, "moving_heat").wait_for_page()
    assert chapter.links == ["Warmth from cold air", "Round the loop"]

    chapter.follow("Round the loop")
    lesson = LessonPage(browser, workbench.url, learner, "round_the_loop").wait_for_page()
    lesson.follow(demo.COURSE_TITLE)
    outline.wait_for_page()


def test_learners_keep_their_arms_when_the_workbench_is_restarted(
    browser: Any, workbench: Workbench
) -> None:
    """Check the learners whom the README of the demo course names."""

    def see(user_id: str, title: str) -> tuple[list[str], str]:
        lesson = LessonPage(browser, workbench.url, user_id, "first_steps").visit()
        lesson.open(title)
        return lesson.arm_ids, lesson.text

    read, watched = see("student_1", READ), see("student_2", WATCH)
    assert read[0] == [vertical("why_it_moves_2")]
    assert "Water runs downhill without help." in read[1]
    assert watched[0] == [vertical("why_it_moves_1")]
    assert "This video follows a little heat" in watched[1]

    workbench.restart()

    assert see("student_1", READ) == read
    assert see("student_2", WATCH) == watched
    for user_id, group in (("student_1", "Text"), ("student_2", "Film")):
        events = workbench.events(ASSIGNED, user_id)
        assert [event["group_name"] for event in events] == [group]


@pytest.mark.parametrize(("lesson", "groups"), demo.VIEWS)
def test_a_learner_is_sent_all_of_their_arms_and_nothing_of_other_arms(
    browser: Any,
    workbench: Workbench,
    new_learner: NewLearner,
    lesson: str,
    groups: dict[str, str],
) -> None:
    learner = new_learner(**groups)
    own, others = demo.given_to(learner, lesson), demo.kept_from(learner, lesson)
    assert own.texts
    assert others.texts
    assert others.url_names

    page = LessonPage(browser, workbench.url, learner.user_id, lesson).visit()
    assert traces(others, page.source) == set()
    page.open_all()

    source = page.source
    assert [text for text in own.texts if text not in source] == []
    assert traces(others, source) == set()
    assert labels(page.frame) == []
    assert traces(others, " ".join(page.resources)) == set()


@pytest.mark.parametrize("lesson", demo.LESSONS)
def test_usage_ids_of_an_arm_appear_on_no_page_of_another_arm(
    browser: Any, workbench: Workbench, new_learner: NewLearner, lesson: str
) -> None:
    """Check generated ids too, which the workbench gives to blocks without url_names."""
    pages = []
    for style, hint in (("Film", "Worked example"), ("Text", "Hint only")):
        learner = new_learner(style=style, hint=hint).user_id
        page = LessonPage(browser, workbench.url, learner, lesson).visit()
        page.open_all()
        pages.append((page.usage_ids, page.source))

    for (own, source), (other, _) in (pages, reversed(pages)):
        assert own - other
        assert [usage_id for usage_id in other - own if usage_id in source] == []


@pytest.mark.parametrize("url_name", ["", "moving_heat", "what_it_costs"])
def test_an_outline_reveals_no_experiment_and_assigns_nobody(
    browser: Any, workbench: Workbench, new_learner: NewLearner, url_name: str
) -> None:
    learner = new_learner().user_id
    source = CourseOutlinePage(browser, workbench.url, learner, url_name).visit().source

    assert traces(demo.inside_experiments(), source) == set()
    assert labels(source) == []
    assert workbench.events(ASSIGNED, learner) == []


def test_a_lesson_opens_at_the_learners_last_tab(
    browser: Any, workbench: Workbench, new_learner: NewLearner
) -> None:
    learner, other = (new_learner(style="Text").user_id for _ in range(2))

    lesson = LessonPage(browser, workbench.url, learner, "first_steps").visit()
    assert lesson.selected == "Welcome"
    lesson.open("Is there heat in cold air?")
    assert lesson.reload().selected == "Is there heat in cold air?"
    lesson.step("Next")
    assert lesson.reload().selected == READ
    assert lesson.tab_states == only_selected(2)

    assert LessonPage(browser, workbench.url, other, "first_steps").visit().selected == "Welcome"
    elsewhere = LessonPage(browser, workbench.url, learner, "round_the_loop").visit()
    assert elsewhere.selected == "Four parts, one loop"
    workbench.restart()
    assert lesson.visit().selected == READ


def test_a_click_on_a_tab_shows_its_unit_and_no_other(
    browser: Any, workbench: Workbench, new_learner: NewLearner
) -> None:
    learner = new_learner(style="Text").user_id
    lesson = LessonPage(browser, workbench.url, learner, "first_steps").visit()
    assert lesson.tab_states == only_selected(0)
    for number in (2, 0, 1):
        lesson.open(READERS_TITLES[number])
        assert lesson.tab_states == only_selected(number)
        assert lesson.unit == READERS_TITLES[number]


def test_the_tabs_can_be_used_by_keyboard_alone(
    browser: Any, workbench: Workbench, new_learner: NewLearner
) -> None:
    learner = new_learner(style="Text").user_id
    lesson = LessonPage(browser, workbench.url, learner, "first_steps").visit()
    lesson.press(Keys.TAB)
    assert lesson.focus == ("link", "Skip to content")
    lesson.press(Keys.TAB, Keys.TAB)
    assert lesson.focus == ("link", "Moving heat uphill")
    lesson.press(Keys.TAB)
    assert lesson.focus == ("tab", "Welcome")

    for key, number in (
        (Keys.ARROW_RIGHT, 1),
        (Keys.ARROW_RIGHT, 2),
        (Keys.ARROW_RIGHT, 0),
        (Keys.ARROW_LEFT, 2),
        (Keys.ARROW_LEFT, 1),
        (Keys.HOME, 0),
        (Keys.HOME, 0),
        (Keys.END, 2),
        (Keys.END, 2),
        (Keys.ARROW_DOWN, 2),
    ):
        lesson.press(key)
        assert lesson.tab_states == only_selected(number)
        assert lesson.unit == READERS_TITLES[number]
        assert lesson.focus == ("tab", READERS_TABS[number])

    lesson.press(Keys.TAB)
    assert lesson.focus == ("tabpanel", READERS_TABS[2])
    lesson.press(Keys.ARROW_LEFT)
    assert lesson.selected == READ
    lesson.press(Keys.TAB, shift=True)
    assert lesson.focus == ("tab", READERS_TABS[2])
    assert lesson.reload().selected == READ


def test_the_arrow_keys_follow_the_direction_of_writing(
    browser: Any, workbench: Workbench, new_learner: NewLearner
) -> None:
    learner = new_learner(style="Text").user_id
    lesson = LessonPage(browser, workbench.url, learner, "first_steps").visit()
    lesson.write_from_right_to_left()
    lesson.open("Welcome")
    lesson.press(Keys.ARROW_LEFT)
    assert lesson.selected == "Is there heat in cold air?"
    lesson.press(Keys.ARROW_RIGHT)
    assert lesson.selected == "Welcome"


def test_previous_and_next_lead_through_the_lesson_and_stop_at_its_ends(
    browser: Any, workbench: Workbench, new_learner: NewLearner
) -> None:
    learner = new_learner(style="Text").user_id
    lesson = LessonPage(browser, workbench.url, learner, "first_steps").visit()
    assert lesson.steps == {"Previous": False, "Next": True}

    for button, number, steps in (
        ("Next", 1, {"Previous": True, "Next": True}),
        ("Next", 2, {"Previous": True, "Next": False}),
        ("Previous", 1, {"Previous": True, "Next": True}),
        ("Previous", 0, {"Previous": False, "Next": True}),
    ):
        lesson.step(button)
        assert lesson.tab_states == only_selected(number)
        assert lesson.unit == READERS_TITLES[number]
        assert lesson.steps == steps
        assert lesson.focus == ("tab", READERS_TABS[number])

    lesson.open(READ)
    assert lesson.steps == {"Previous": True, "Next": False}


@pytest.mark.parametrize(("style", "title"), [("Film", WATCH), ("Text", READ)])
def test_the_tab_of_an_experiment_has_the_icon_and_title_of_the_learners_arm(
    browser: Any, workbench: Workbench, new_learner: NewLearner, style: str, title: str
) -> None:
    """Check that a problem's icon takes precedence over a video's, as on Open edX."""
    learner = new_learner(style=style).user_id
    lesson = LessonPage(browser, workbench.url, learner, "first_steps").visit()
    assert lesson.tabs == [
        tab("other", "Welcome"),
        tab("other", "Is there heat in cold air?"),
        tab("problem", title, "Problem"),
    ]


@pytest.mark.parametrize("style", ["Film", "Text"])
def test_the_tab_of_a_unit_has_its_own_title_and_the_icon_of_the_arm_in_it(
    browser: Any, workbench: Workbench, new_learner: NewLearner, style: str
) -> None:
    learner = new_learner(style=style).user_id
    lesson = LessonPage(browser, workbench.url, learner, "round_the_loop").visit()
    assert lesson.tabs == [
        tab("other", "Four parts, one loop"),
        tab("problem", "What the compressor does", "Problem"),
        tab("problem", "Check yourself", "Problem"),
    ]


@pytest.mark.parametrize(
    ("groups", "lesson", "arms", "question"),
    [
        ({"style": "Film"}, "first_steps", ["why_it_moves_1"], heat("why_it_moves_1", WATCH)),
        ({"style": "Text"}, "first_steps", ["why_it_moves_2"], heat("why_it_moves_2", READ)),
        ({"style": "Film"}, "round_the_loop", ["compressor_1"], lift("compressor_1")),
        ({"style": "Text"}, "round_the_loop", ["compressor_2"], lift("compressor_2")),
        ({"hint": "Worked example"}, "heat_per_unit", ["your_turn_1"], january("your_turn_1")),
        ({"hint": "Hint only"}, "heat_per_unit", ["your_turn_2"], january("your_turn_2")),
        (
            {"style": "Film", "hint": "Worked example"},
            "at_home",
            ["warm_not_hot_1", "warm_not_hot_1_task_1"],
            degrees("warm_not_hot_1_task_1"),
        ),
        (
            {"style": "Film", "hint": "Hint only"},
            "at_home",
            ["warm_not_hot_1", "warm_not_hot_1_task_2"],
            degrees("warm_not_hot_1_task_2"),
        ),
        ({"style": "Text"}, "at_home", ["warm_not_hot_2"], degrees("warm_not_hot_2")),
    ],
)
def test_a_question_in_an_arm_is_graded_by_the_server_and_the_answer_is_stored(
    browser: Any,
    workbench: Workbench,
    new_learner: NewLearner,
    groups: dict[str, str],
    lesson: str,
    arms: list[str],
    question: Question,
) -> None:
    page = open_unit(browser, workbench, new_learner(**groups), lesson, question.unit)
    assert page.arm_ids == [vertical(arm) for arm in arms]
    problem = Problem(page, question.url_name)
    assert problem.progress == "1 point possible (graded)"
    assert problem.attempts == f"You have used 0 of {question.attempts} attempts"

    question.answer(problem, question.wrong)
    problem.submit()
    assert problem.notification == "Incorrect (0/1 point)"
    question.answer(problem, question.right)
    problem.submit()
    assert problem.notification == "Correct (1/1 point)"

    page.reload()
    assert question.answered(problem) == question.right
    assert problem.progress == "1/1 point (graded)"
    assert problem.attempts == f"You have used 2 of {question.attempts} attempts"


def test_questions_outside_experiments_are_graded_too(
    browser: Any, workbench: Workbench, new_learner: NewLearner
) -> None:
    learner = new_learner()
    page = open_unit(browser, workbench, learner, "round_the_loop", "Check yourself")
    where, what = Problem(page, "loop_question"), Problem(page, "valve_question")
    where.choose("In the evaporator")
    where.submit()
    what.type("Expansion Valve")
    what.submit()
    assert [where.notification, what.notification] == ["Correct (1/1 point)"] * 2

    page = open_unit(browser, workbench, learner, "at_home", "What to take away")
    bill = Problem(page, "bill_question")
    helpful = [
        "Larger radiators, with cooler water in them",
        "Insulation, so that the rooms need less heat",
        "Heat from the ground, which is milder than the air in winter",
    ]
    bill.choose(*helpful)
    bill.submit()
    assert bill.notification == "Correct (1/1 point)"
    assert bill.chosen == helpful


def test_an_answer_survives_a_restart_and_is_shown_only_to_its_learner(
    browser: Any, workbench: Workbench, new_learner: NewLearner
) -> None:
    learner, other = (new_learner(style="Text") for _ in range(2))
    page = open_unit(browser, workbench, learner, "first_steps", READ)
    problem = Problem(page, "why_it_moves_2_question")
    problem.type("7")
    problem.submit()

    workbench.restart()

    page.visit()
    assert problem.typed == "7"
    assert problem.progress == "1/1 point (graded)"
    page = open_unit(browser, workbench, other, "first_steps", READ)
    problem = Problem(page, "why_it_moves_2_question")
    assert problem.typed == ""
    assert problem.progress == "1 point possible (graded)"
    assert problem.attempts == "You have used 0 of 3 attempts"


def test_a_hint_is_shown_on_request_and_the_solution_after_the_right_answer(
    browser: Any, workbench: Workbench, new_learner: NewLearner
) -> None:
    learner = new_learner(style="Text")
    told_later = demo.given_to(learner, "first_steps").later
    page = open_unit(browser, workbench, learner, "first_steps", READ)
    problem = Problem(page, "why_it_moves_2_question")
    assert told_later
    assert [text for text in told_later if text in page.source] == []

    problem.hint()
    assert "The electricity is not used up" in problem.notification
    assert "Show answer" not in problem.buttons
    problem.type("7")
    problem.submit()
    problem.show_answer()
    assert "5 + 2 = 7 kWh" in problem.solution


def test_a_video_is_played_from_the_sentence_that_the_learner_selects(
    browser: Any, workbench: Workbench, new_learner: NewLearner
) -> None:
    page = open_unit(browser, workbench, new_learner(style="Film"), "first_steps", WATCH)
    video = Video(page, "why_it_moves_1_main")
    video.wait_for_transcript()
    assert video.transcript[0] == "A frosty garden, at minus 2 degrees. Indoors it is 20."
    assert video.languages == ["en", "es"]

    page.play()
    page.wait_for(lambda: page.seconds > 0, "the video plays")
    page.go_to("Squeezed together, the vapour is hot. At 45 degrees it is warmer than the room,")
    page.wait_for(lambda: page.seconds >= 34, "the video is where this is said")


def test_the_browser_reports_to_the_server_which_arms_it_shows(
    browser: Any, workbench: Workbench, new_learner: NewLearner
) -> None:
    learner = new_learner(style="Film", hint="Hint only").user_id
    lesson = LessonPage(browser, workbench.url, learner, "at_home").visit()

    def shown() -> dict[str, str]:
        events = workbench.wait_for_events(CHILD_RENDER, learner, lambda events: len(events) >= 2)
        return {event["usage_id"]: event["child_id"] for event in events}

    assert shown() == {
        split_test("warm_not_hot_lesson"): vertical("warm_not_hot_1"),
        split_test("warm_not_hot_1_task"): vertical("warm_not_hot_1_task_2"),
    }
    lesson.reload()
    workbench.wait_for_events(CHILD_RENDER, learner, lambda events: len(events) == 4)


def test_the_browser_logs_no_errors_and_contacts_no_other_server(
    browser: Any, workbench: Workbench, new_learner: NewLearner
) -> None:
    for style in ("Film", "Text"):
        learner = new_learner(style=style).user_id
        CourseOutlinePage(browser, workbench.url, learner).visit()
        for url_name in demo.LESSONS:
            lesson = LessonPage(browser, workbench.url, learner, url_name).visit()
            for title in lesson.titles:
                lesson.open(title)
            lesson.wait_for_ajax()
            assert lesson.resources
            assert [url for url in lesson.resources if not url.startswith(workbench.url)] == []
        assert lesson.console_errors == []


def test_a_picture_of_a_lesson_is_small_enough_for_the_readme(
    browser: Any,
    workbench: Workbench,
    new_learner: NewLearner,
    take_picture: Callable[[str], None],
) -> None:
    lesson = LessonPage(browser, workbench.url, new_learner(style="Film").user_id, "first_steps")
    lesson.resize(1375, 1000, scale=0.8)
    lesson.visit()
    lesson.open(WATCH)
    Video(lesson, "why_it_moves_1_main").wait_for_transcript()
    lesson.play()
    lesson.go_to("The compressor squeezes the vapour. This takes electricity.")
    lesson.wait_for(lambda: lesson.seconds >= 30, "the video shows it")
    take_picture("learner")
