"""Learners at work in Open edX's own blocks."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from lxml import etree
from selenium.webdriver.common.keys import Keys

from acceptance.pages import Tab
from acceptance.problems import (
    Annotation,
    Ballot,
    Block,
    Poll,
    Problem,
    SequencePage,
    Sorting,
    UnitPage,
    Video,
    WordCloud,
)
from acceptance.server import KINDS, Workbench
from xblock_experiments.course_user_segmentation.data import UserSegmentation
from xblock_experiments.experiments.assignment import choose_group, salt_of

COURSE_ID = "course-v1:DemoX+Kinds+2026"
WATCHING, READING = 1, 2
"""The groups of the experiment in the sequential `problems`."""
NOTE = "Who\nA naturalist.\nReply to Annotation"
SMALL = 320
TEACHER = "teacher"
NOT_THERE = ("/static/film.mp4", "https://www.youtube.com/", "/favicon.ico ")
"""Resources that browsers request although they do not exist."""

Open = Callable[..., UnitPage]
Answer = Callable[[Problem], None]


def group_of(user_id: str) -> int:
    course = etree.parse(KINDS / "course" / "2026.xml").getroot()
    (value,) = json.loads(course.get("user_partitions", ""))
    segmentation = UserSegmentation.from_json(value)
    return choose_group(segmentation.groups, salt_of(COURSE_ID, segmentation), user_id).id


@pytest.fixture(scope="module")
def learners() -> Iterator[str]:
    """Yield learners whom no other test uses."""
    return (f"pupil_{number}" for number in itertools.count(1))


@pytest.fixture
def learner(learners: Iterator[str]) -> str:
    return next(learners)


@pytest.fixture(scope="module", autouse=True)
def logged_before(workbench: Workbench) -> int:
    """Return the length of the server's log before these tests."""
    return workbench.log.stat().st_size


@pytest.fixture(autouse=True)
def _no_browser_errors(browser: Any) -> Iterator[None]:
    """Check at the end of each test that the browser has logged no errors."""
    yield
    errors = [each["message"] for each in browser.get_log("browser") if each["level"] == "SEVERE"]
    assert [each for each in errors if not any(part in each for part in NOT_THERE)] == []


@pytest.fixture
def open_unit(browser: Any, workbench: Workbench, learner: str) -> Open:
    def open_unit(url_name: str, user_id: str = learner) -> UnitPage:
        unit: UnitPage = UnitPage(browser, workbench.url, user_id, url_name).visit()
        return unit

    return open_unit


def choose(*texts: str) -> Answer:
    return lambda problem: problem.choose(*texts)


def select(option: str) -> Answer:
    return lambda problem: problem.select(option)


def write(text: str) -> Answer:
    return lambda problem: problem.type(text)


@pytest.mark.parametrize(
    ("unit", "url_name", "wrong", "right", "points"),
    [
        ("choosing", "multiple_choice", choose("Iron"), choose("Argon"), 1),
        ("choosing", "checkboxes", choose("2"), choose("4"), 3),
        ("choosing", "dropdown", select("Milan"), select("Rome"), 1),
        ("typing", "numerical", write("41"), write("42.1"), 1),
        ("typing", "text", write("breathing"), write("Photosynthesis"), 1),
        ("typing", "formula", write("x+y"), write("y*x"), 1),
    ],
    ids=["multiple choice", "checkboxes", "dropdown", "numerical", "text", "formula"],
)
def test_a_learner_is_shown_whether_an_answer_is_right_and_its_points(
    open_unit: Open, unit: str, url_name: str, wrong: Answer, right: Answer, points: int
) -> None:
    page = open_unit(unit)
    problem = Problem(page, url_name)
    noun = "point" if points == 1 else "points"

    wrong(problem)
    problem.submit()
    assert problem.notification == f"Incorrect (0/{points} {noun})"
    assert problem.progress == f"0.0/{points}.0 {noun} (graded)"
    right(problem)
    problem.submit()
    assert problem.notification == f"Correct ({points}/{points} {noun})"
    assert problem.progress == f"{points}.0/{points}.0 {noun} (graded)"

    page.reload()
    earned, _, possible = problem.progress.partition(" ")[0].partition("/")
    assert (float(earned), float(possible)) == (points, points)


def test_an_unanswered_problem_shows_its_points(open_unit: Open) -> None:
    problem = Problem(open_unit("choosing"), "multiple_choice")

    assert problem.progress == "1 point possible (graded)"
    assert problem.notification == ""
    assert problem.buttons == {"Submit": False, "Save": True}
    problem.choose("Iron")
    assert problem.buttons == {"Submit": True, "Save": True}


def test_attempts_are_counted_and_the_answer_can_be_shown_after_the_last_one(
    open_unit: Open,
) -> None:
    problem = Problem(open_unit("choosing"), "multiple_choice")
    assert problem.attempts == "You have used 0 of 2 attempts"

    problem.choose("Iron")
    problem.submit()
    assert problem.feedback == "Iron is a metal."
    assert problem.attempts == "You have used 1 of 2 attempts"
    assert problem.buttons == {"Submit": True, "Save": True}
    problem.submit()
    assert problem.attempts == "You have used 2 of 2 attempts"
    assert problem.buttons == {"Submit": False, "Show answer": True}
    assert problem.solution == ""

    problem.show_answer()
    assert problem.solution == "Argon does not react."
    assert problem.notification == "Answers are displayed within the problem"


def test_saved_answers_survive_a_reload_and_are_not_graded(open_unit: Open) -> None:
    page = open_unit("choosing")
    problem = Problem(page, "multiple_choice")
    problem.choose("Argon")
    problem.save()
    assert "have been saved but not graded" in problem.notification

    page.reload()
    assert problem.chosen == ["Argon"]
    assert "were previously saved" in problem.notification
    assert problem.progress == "1 point possible (graded)"
    assert problem.attempts == "You have used 0 of 2 attempts"


def test_reset_clears_a_problem(open_unit: Open) -> None:
    page = open_unit("typing")
    problem = Problem(page, "numerical")
    problem.type("41")
    problem.submit()
    assert problem.buttons["Reset"]

    problem.reset()
    assert (problem.typed, problem.notification) == ("", "")
    page.reload()
    assert problem.typed == ""


def test_a_hint_is_shown_on_request(open_unit: Open) -> None:
    problem = Problem(open_unit("typing"), "numerical")
    assert problem.notification == ""

    problem.hint()

    assert problem.notification == "Hint (1 of 1): Think of forty."


def test_answers_survive_a_restart_and_are_shown_only_to_their_learner(
    open_unit: Open, workbench: Workbench, learners: Iterator[str]
) -> None:
    choosing = open_unit("choosing")
    Problem(choosing, "checkboxes").choose("2", "4")
    Problem(choosing, "checkboxes").submit()
    Problem(choosing, "dropdown").select("Rome")
    Problem(choosing, "dropdown").submit()
    word = Problem(open_unit("typing"), "text")
    word.type("Photosynthesis")
    word.submit()

    workbench.restart()

    other = next(learners)
    assert Problem(open_unit("typing"), "text").typed == "Photosynthesis"
    assert Problem(open_unit("typing", other), "text").typed == ""
    choosing.visit()
    assert Problem(choosing, "checkboxes").chosen == ["2", "4"]
    assert Problem(choosing, "dropdown").selected == "Rome"
    others = open_unit("choosing", other)
    assert Problem(others, "checkboxes").chosen == []
    assert Problem(others, "dropdown").selected == "Select an option"
    assert Problem(others, "dropdown").progress == "1 point possible (graded)"


def test_a_video_has_a_transcript_and_reports_that_its_file_is_missing(open_unit: Open) -> None:
    video = Video(open_unit("arm_one", TEACHER), "film")
    video.wait_for_transcript()
    video.wait_for_error()

    assert video.has_player
    assert video.transcript == ["Heat moves by itself", "from warm to cold."]
    assert video.languages == ["en", "uk"]
    assert video.error == "No playable video sources found."
    assert "00:00:02,000 --> 00:00:04,000\nfrom warm to cold." in video.download("srt")
    assert video.download("txt") == "Heat moves by itself\nfrom warm to cold."


def test_a_video_on_an_unreachable_site_is_reported_and_the_page_still_works(
    open_unit: Open,
) -> None:
    page = open_unit("reading")
    video, note = Video(page, "youtube"), Annotation(page, "annotated")
    video.wait_for_error()

    assert video.error == "This video is on another site, which cannot be reached from here."
    note.focus()
    assert note.note


def test_a_note_opens_by_keyboard_and_by_pointer_and_closes_with_escape(open_unit: Open) -> None:
    page = open_unit("reading")
    note = Annotation(page, "annotated")
    assert note.note == ""

    note.focus()
    assert note.note == NOTE
    page.press(Keys.TAB)
    assert page.focus == ("link", "Reply to Annotation")
    assert note.note == NOTE
    page.press(Keys.TAB)
    assert note.note == ""

    note.focus()
    page.press(Keys.ESCAPE)
    assert note.note == ""

    note.point()
    assert note.note == NOTE
    page.press(Keys.ESCAPE)
    assert note.note == ""

    note.point_elsewhere()
    note.point()
    assert note.note == NOTE
    note.point_elsewhere()
    assert note.note == ""


def test_items_can_be_sorted_by_keyboard_and_stay_in_place(open_unit: Open) -> None:
    page = open_unit("reading")
    sorting = Sorting(page, "dragging")
    assert sorting.placed == []

    sorting.place(0, "top")
    assert sorting.feedback == "Correct! This one belongs to The Top Zone."
    assert sorting.progress == "0.4/1 point (ungraded)"
    assert sorting.placed == ["Goes to the top"]
    assert Sorting(page.reload(), "dragging").placed == ["Goes to the top"]


def test_learners_share_one_word_cloud(open_unit: Open, learners: Iterator[str]) -> None:
    cloud = WordCloud(open_unit("talking"), "cloud")
    cloud.say("sun", "Rain")
    assert cloud.own_words == ["sun 50%", "rain 50%"]

    cloud = WordCloud(open_unit("talking", next(learners)), "cloud")
    cloud.say("rain", "wind")
    assert cloud.own_words == ["rain 50%", "wind 25%"]
    assert cloud.total == "4 words submitted in total."


def test_a_poll_question_counts_the_answers_of_all_learners(
    open_unit: Open, learners: Iterator[str]
) -> None:
    page = open_unit("talking")
    poll = Poll(page, "poll_question")
    assert poll.numbers == {}
    poll.vote("Tea")
    assert poll.numbers == {"Tea": "1 (100.0%)", "Coffee": "0 (0.0%)"}

    poll = Poll(open_unit("talking", next(learners)), "poll_question")
    poll.vote("Coffee")
    assert poll.numbers == {"Tea": "1 (50.0%)", "Coffee": "1 (50.0%)"}
    poll.vote_again()
    poll.vote("Tea")
    assert poll.numbers == {"Tea": "2 (100.0%)", "Coffee": "0 (0.0%)"}


def test_a_poll_and_a_survey_show_their_results_after_voting(open_unit: Open) -> None:
    page = open_unit("talking")
    poll, survey = Ballot(page, "poll"), Ballot(page, "survey")

    poll.choose("B")
    poll.submit()
    survey.choose("Y", "N", "M")
    survey.submit()

    assert poll.percentages == ["0%", "100%", "0%", "0%"]
    assert survey.percentages == ["100%", "0%", "0%", "0%", "100%", "0%", "0%", "0%", "100%"]
    for ballot in (poll, survey):
        assert ballot.footnote == "Results gathered from 1 respondent."


@pytest.mark.parametrize(
    ("group", "tab", "own", "others"),
    [
        (
            WATCHING,
            Tab("seq_video", "Watch it", "Watch it", "Video Watch it"),
            ["film"],
            ["story", "arm_problem"],
        ),
        (
            READING,
            Tab("seq_problem", "Read and answer", "Read and answer", "Problem Read and answer"),
            ["story", "arm_problem"],
            ["film"],
        ),
    ],
)
def test_a_learner_is_shown_only_their_arm_with_its_icon_and_title(
    browser: Any,
    workbench: Workbench,
    learners: Iterator[str],
    group: int,
    tab: Tab,
    own: list[str],
    others: list[str],
) -> None:
    learner = next(each for each in learners if group_of(each) == group)
    page = SequencePage(browser, workbench.url, learner, "problems").visit()

    assert page.tabs == [
        Tab("seq_problem", "Choosing", "Choosing", "Problem Choosing"),
        Tab("seq_problem", "Typing", "Typing", "Problem Typing"),
        tab,
    ]
    page.open(tab.title)
    assert all(Block(page, url_name).is_there for url_name in own)
    assert [each for each in others if each in page.source] == []
    assert "The secret experiment" not in page.source


def test_a_problem_in_an_arm_can_be_answered(
    browser: Any, workbench: Workbench, learners: Iterator[str]
) -> None:
    learner = next(each for each in learners if group_of(each) == READING)
    page = SequencePage(browser, workbench.url, learner, "problems").visit()
    page.open("Read and answer")
    problem = Problem(page, "arm_problem")

    problem.type("yes")
    problem.submit()

    assert problem.notification == "Correct (1/1 point)"


def test_a_text_has_its_picture_and_working_links(open_unit: Open) -> None:
    page = open_unit("arm_two", TEACHER)
    picture, unit, no_file = page.addresses

    assert page.are_pictures_there
    assert picture.endswith("/courses/kinds/static/dot.svg")
    assert "/scenario/kinds.typing/?student=teacher" in unit
    assert no_file.endswith("/static/none.pdf")


def test_blocks_that_cannot_run_are_named_with_the_reason(open_unit: Open) -> None:
    text = open_unit("not_here").text

    assert "With Python" in text
    assert (
        "“problem” cannot be shown. It runs Python code, which the workbench does not support."
        in text
    )
    assert "A tool" in text
    assert "“lti” cannot be shown. It needs user accounts" in text


@pytest.mark.parametrize(
    "url_name", ["choosing", "typing", "arm_one", "arm_two", "talking", "reading", "not_here"]
)
def test_a_unit_fits_on_a_small_screen(
    browser: Any, workbench: Workbench, learner: str, url_name: str
) -> None:
    user_id = TEACHER if url_name.startswith("arm_") else learner
    page = UnitPage(browser, workbench.url, user_id, url_name)
    page.resize(SMALL, 640)
    page.visit()

    assert not page.is_too_wide


def test_the_server_has_logged_no_error(workbench: Workbench, logged_before: int) -> None:
    log = workbench.log.read_bytes()[logged_before:].decode()

    assert "POST /learner/" in log
    assert [line for line in log.splitlines() if "Traceback" in line or "ERROR" in line] == []
