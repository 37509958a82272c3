"""Staff look at experiments and preview courses without leaving a trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import pytest
from selenium.webdriver.common.keys import Keys

from acceptance.author_pages import (
    EditorPage,
    ExperimentPage,
    Message,
    StaffLessonPage,
    StaffPage,
    StaffView,
)
from acceptance.pages import LessonPage, Tab
from acceptance.problems import Problem
from acceptance.server import Workbench
from acceptance.tea import BLACK, BOILING, GREEN, TEACHER, WARM, WATER, Tea

ASSIGNED = "xmodule.partitions.assigned_user_to_partition"
CHILD_RENDER = "xblock.split_test.child_render"

LEAVES = "The leaves"
EXPERIMENT = "Boiling or warm?"
"""The name of the experiment, which only staff see."""
NOT_CONFIGURED = "Short or long?"
YOURS = " (your group as a learner)"
KETTLE = "Straight from the kettle"
COOLED = "Let it cool first"
UNKNOWN = "Nobody with this ID has been here yet. You see what they would see."
ENDED = "The preview has ended: you see the course as staff again."
NOTHING_KEPT = "Nothing you do here is saved."

Visit = Callable[..., LessonPage]
VisitAsStaff = Callable[[], StaffLessonPage]


def tab(icon: str, title: str, kind: str = "") -> Tab:
    return Tab(f"seq_{icon}", title, tooltip=title, name=f"{kind} {title}".strip())


def ask_for_preview(page: LessonPage, tea: Tea, user_id: str, preview: str) -> int:
    """Request a preview by script, as the forms of staff do, and return the response's status."""
    script = """
        const [address, user, preview, done] = arguments;
        const cookies = new URLSearchParams(document.cookie.replaceAll("; ", "&"));
        const body = new URLSearchParams({ student: user, preview: preview, next: "/" });
        const headers = { "X-CSRFToken": cookies.get("csrftoken") };
        fetch(address, { method: "POST", body, headers }).then((answer) => done(answer.status));
    """
    status: int = page.browser.execute_async_script(
        script, f"/courses/{tea.name}/preview/", user_id, preview
    )
    return status


def get(address: str) -> tuple[int, str]:
    try:
        with build_opener(ProxyHandler({})).open(address, timeout=30) as response:
            return response.status, response.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture
def visit(browser: Any, workbench: Workbench, tea: Tea) -> Visit:
    """Return a function that opens an experiment in the lesson as a learner."""

    def visit(learner: str, unit: str) -> LessonPage:
        page: LessonPage = LessonPage(browser, workbench.url, learner, "lesson", course=tea.name)
        page.visit()
        page.open(unit)
        return page

    return visit


@pytest.fixture
def visit_as_staff(browser: Any, workbench: Workbench, tea: Tea) -> VisitAsStaff:
    """Return a function that opens the experiment in the lesson as staff."""

    def visit() -> StaffLessonPage:
        page = StaffLessonPage(browser, workbench.url, TEACHER, "lesson", course=tea.name)
        page.visit()
        page.open(EXPERIMENT)
        return page

    return visit


def test_staff_see_every_arm_one_at_a_time_in_the_order_of_the_groups(
    visit_as_staff: VisitAsStaff,
) -> None:
    view = StaffView(visit_as_staff(), "water")

    assert [choice.removesuffix(YOURS) for choice in view.choices] == [
        "Boiling",
        "Warm",
        "Ice-cold, as last year (inactive)",
    ]
    assert view.shown == ["Boiling"]
    assert view.text == BLACK
    view.choose("Ice-cold")
    assert view.shown == ["Ice-cold, as last year"]
    assert view.facts == ["Inactive: learners do not see this."]


def test_an_arm_can_be_chosen_by_keyboard_and_is_announced(visit_as_staff: VisitAsStaff) -> None:
    page = visit_as_staff()
    view = StaffView(page, "water")
    assert view.announced == ""

    view.focus()
    page.press(Keys.ARROW_DOWN)

    assert view.chosen.removesuffix(YOURS) == "Warm"
    assert view.shown == ["Warm"]
    assert view.text == GREEN
    assert view.announced == f"Now showing: {view.chosen}"
    assert page.focus == ("combobox", "Show the content of")


def test_the_arm_that_the_member_of_staff_would_see_is_marked(
    visit_as_staff: VisitAsStaff, tea: Tea
) -> None:
    own = tea.group_of(TEACHER)
    other = WARM if own == BOILING else BOILING
    view = StaffView(visit_as_staff(), "water")

    assert view.own == f"As a learner, you would see “{own}”. Viewing does not assign you."
    assert [choice for choice in view.choices if choice.endswith(YOURS)] == [own + YOURS]
    view.choose(own)
    assert view.facts[0] == "You would see this as a learner."
    view.choose(other)
    assert "You would see this as a learner." not in view.facts


def test_staff_see_the_number_of_learners_in_each_arm(
    visit: Visit, visit_as_staff: VisitAsStaff, tea: Tea
) -> None:
    for group, title in ((BOILING, KETTLE), (BOILING, KETTLE), (WARM, COOLED)):
        visit(tea.new_learner(group), title)
    view = StaffView(visit_as_staff(), "water")

    assert view.configuration == "Group configuration: “Water” (Experiment)"
    assert view.facts[-3:] == [
        "Weight 3 (75% of new learners)",
        "2 learners assigned",
        "2 learners have seen it here",
    ]
    view.choose(WARM)
    assert view.facts[-3:] == [
        "Weight 1 (25% of new learners)",
        "1 learner assigned",
        "1 learner has seen it here",
    ]


def test_staff_can_use_a_problem_in_any_arm_without_changing_learners_data(
    visit: Visit, visit_as_staff: VisitAsStaff, tea: Tea, workbench: Workbench
) -> None:
    learner = tea.new_learner(WARM)
    answered = Problem(visit(learner, COOLED), "warm_question")
    answered.type("70")
    answered.submit()

    page = visit_as_staff()
    StaffView(page, "water").choose(WARM)
    problem = Problem(page, "warm_question")
    assert problem.typed == ""
    problem.type("80")
    problem.submit()
    assert problem.notification == "Correct (1/1 point)"

    visit(learner, COOLED)
    assert answered.typed == "70"
    assert answered.progress == "0/1 point (ungraded)"
    assert [workbench.events(name, TEACHER) for name in (ASSIGNED, CHILD_RENDER)] == [[], []]


def test_staff_see_problems_of_an_experiment_and_links_to_fix_them(
    visit_as_staff: VisitAsStaff, browser: Any, workbench: Workbench, tea: Tea
) -> None:
    page = visit_as_staff()
    (message,) = StaffView(page, "water").messages
    assert (message.kind, message.text) == (
        "Warning",
        "The experiment has an inactive group. "
        "Move content into active groups, then delete the inactive group.",
    )

    page.open(NOT_CONFIGURED)
    (message,) = StaffView(page, "minutes").messages
    assert message == Message(
        "Error",
        "The experiment is not associated with a group configuration.",
        "Select a Group Configuration",
    )
    page.follow_message("Select a Group Configuration")
    EditorPage(browser, workbench.url, TEACHER, "minutes", course=tea.name).wait_for_page()


def test_an_experiment_inside_an_arm_is_switched_independently(
    browser: Any, workbench: Workbench
) -> None:
    page = StaffLessonPage(browser, workbench.url, TEACHER, "at_home").visit()
    page.open(page.titles[0])
    outer, inner = (
        StaffView(page, url_name) for url_name in ("warm_not_hot_lesson", "warm_not_hot_1_task")
    )
    assert outer.shown == ["Film", "Worked example"]

    inner.choose("Hint only")
    assert outer.shown == ["Film", "Hint only"]
    outer.choose("Text")
    assert outer.shown == ["Text"]
    outer.choose("Film")
    assert outer.shown == ["Film", "Hint only"]


@pytest.mark.parametrize(
    ("group", "tabs", "text"),
    [
        (BOILING, [tab("other", LEAVES), tab("other", KETTLE), tab("other", "Unit 3")], BLACK),
        (
            WARM,
            [tab("other", LEAVES), tab("problem", COOLED, "Problem"), tab("other", "Unit 3")],
            GREEN,
        ),
    ],
)
def test_staff_can_preview_the_course_as_a_group(
    visit_as_staff: VisitAsStaff, group: str, tabs: list[Tab], text: str
) -> None:
    page = visit_as_staff()
    own = page.tabs
    page.preview_group(group)

    assert page.banner == (
        f"You are viewing the course as a learner in group “{group}” of “Water”. {NOTHING_KEPT}"
    )
    assert page.tabs == tabs
    page.open(tabs[1].title)
    assert page.text == text
    assert EXPERIMENT not in page.source

    page.exit_preview()
    assert page.banner == ""
    assert page.tabs == own


def test_staff_can_preview_the_course_as_a_learner_who_has_never_visited(
    visit: Visit, visit_as_staff: VisitAsStaff, tea: Tea, workbench: Workbench
) -> None:
    learner = tea.new_learner(WARM)
    page = visit_as_staff()
    page.preview_learner(learner)

    assert page.banner == f"You are viewing the course as learner “{learner}”. {NOTHING_KEPT}"
    assert page.q(css=".xbx-preview-note").text == [UNKNOWN]
    page.open(COOLED)
    assert page.text == GREEN
    page.exit_preview()
    assert StaffView(page, "water").facts[-2:] == [
        "0 learners assigned",
        "0 learners have seen it here",
    ]
    assert workbench.events(ASSIGNED, learner) == []

    visit(learner, COOLED)
    assert len(workbench.wait_for_events(ASSIGNED, learner)) == 1


def test_a_preview_that_ended_without_its_button_says_so(
    visit_as_staff: VisitAsStaff, browser: Any
) -> None:
    page = visit_as_staff()
    page.preview_group(WARM)
    browser.delete_cookie("sessionid")
    page.reload()
    assert (page.banner, page.notice) == ("", ENDED)
    assert page.reload().notice == ""

    page.preview_group(WARM)
    page.exit_preview()
    assert (page.banner, page.notice) == ("", "")


def test_answers_in_a_preview_whose_session_has_expired_are_discarded(
    visit_as_staff: VisitAsStaff, browser: Any, workbench: Workbench
) -> None:
    page = visit_as_staff()
    page.preview_group(WARM)
    page.open(COOLED)
    stored = workbench.stored()
    browser.delete_cookie("sessionid")
    problem = Problem(page, "warm_question")
    problem.type("80")
    problem.submit()

    assert problem.notification == "Correct (1/1 point)"
    assert workbench.stored() == stored


def test_a_preview_from_a_page_of_authors_shows_the_page_of_learners(
    browser: Any, workbench: Workbench, tea: Tea
) -> None:
    author = ExperimentPage(browser, workbench.url, TEACHER, "water", course=tea.name)
    author.visit()
    author.preview_group(WARM)

    page = StaffPage(browser, workbench.url, TEACHER, "water", course=tea.name).wait_for_page()
    assert page.banner.startswith("You are viewing the course as a learner in group “Warm”")
    assert GREEN in page.source


def test_answers_that_staff_give_in_a_preview_are_discarded(
    visit: Visit, visit_as_staff: VisitAsStaff, tea: Tea
) -> None:
    learner = tea.new_learner(WARM)
    answered = Problem(visit(learner, COOLED), "warm_question")
    answered.type("70")
    answered.submit()

    page = visit_as_staff()
    page.preview_learner(learner)
    page.open(COOLED)
    problem = Problem(page, "warm_question")
    assert problem.typed == "70"
    problem.type("80")
    problem.submit()
    assert problem.notification == "Correct (1/1 point)"
    page.preview_group(WARM)
    page.open(COOLED)
    assert problem.typed == ""
    page.exit_preview()
    assert problem.typed == ""

    visit(learner, COOLED)
    assert answered.typed == "70"


def test_previews_leave_the_database_and_the_log_unchanged(
    visit: Visit, visit_as_staff: VisitAsStaff, tea: Tea, workbench: Workbench
) -> None:
    came, never_came = tea.new_learner(WARM), tea.new_learner(WARM)
    visit(came, COOLED)
    workbench.wait_for_events(CHILD_RENDER, came)
    page = visit_as_staff()
    stored = workbench.stored()

    for preview, who in (
        (page.preview_group, WARM),
        (page.preview_learner, came),
        (page.preview_learner, never_came),
    ):
        preview(who)
        page.wait_for_page()
        page.open(COOLED)
        problem = Problem(page, "warm_question")
        problem.type("80")
        problem.submit()
        assert problem.notification == "Correct (1/1 point)"

    assert workbench.stored() == stored
    assert len(workbench.events(CHILD_RENDER, came)) == 1
    for learner in (never_came, TEACHER):
        assert workbench.events(ASSIGNED, learner) == []
        assert workbench.events(CHILD_RENDER, learner) == []


def test_a_learner_who_requests_a_preview_is_refused_and_sees_their_own_arm(
    visit: Visit, tea: Tea
) -> None:
    learner = tea.new_learner(BOILING)
    page = visit(learner, KETTLE)

    assert ask_for_preview(page, tea, learner, f"group.experiment.{WATER}.2") == 403
    assert ask_for_preview(page, tea, learner, "learner.somebody") == 403

    page.reload()
    assert page.titles == [LEAVES, KETTLE, "Unit 3"]
    assert "You see the course as" not in page.source


@pytest.mark.parametrize("view", ["author_view", "studio_view"])
@pytest.mark.parametrize("url_name", ["", "lesson", "water", "warm"])
def test_a_learner_who_requests_a_page_of_authors_is_refused(
    workbench: Workbench, tea: Tea, url_name: str, view: str
) -> None:
    learner = tea.new_learner(WARM)
    name = f"{tea.name}.{url_name}" if url_name else tea.name

    status, text = get(f"{workbench.url}/scenario/{name}/{view}/?student={learner}")

    assert status == 403
    assert "Only staff can see this page." in text
    assert [word for word in (EXPERIMENT, GREEN, BLACK, WARM) if word in text] == []
