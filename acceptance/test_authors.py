"""Authors at work, from a new group configuration to an experiment with learners."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from acceptance.author_pages import (
    Arm,
    AuthorPage,
    ConfigurationsPage,
    EditorPage,
    ExperimentPage,
    Message,
    StaffLessonPage,
    StaffPage,
    UnitEditorPage,
    another_window,
)
from acceptance.pages import LessonPage
from acceptance.problems import Problem
from acceptance.server import Workbench
from acceptance.tea import BOILING, TEACHER, WARM, Tea, segmentation

NOT_CONFIGURED = Message(
    "Error",
    "The experiment is not associated with a group configuration.",
    "Select a Group Configuration",
)
MISSING = Message(
    "Error",
    "The experiment does not contain all of the groups in the configuration.",
    "Add Missing Groups",
)
NOBODY_IS_MOVED = "No learner has a group yet, so nobody's group changes."
CHANGED_MEANWHILE = (
    "This changed since you opened it, so nothing was saved. "
    "Copy your changes, then reload the page."
)


def unit(name: str, url_name: str, text: str) -> str:
    """Return the OLX of a unit with a text and a question whose answer is 4."""
    return (
        f'<vertical display_name="{name}">'
        f'<html url_name="{url_name}_text">&lt;p&gt;{text}&lt;/p&gt;</html>'
        f'<problem url_name="{url_name}_question" display_name="How long?">'
        '<stringresponse answer="4"><label>How many minutes?</label><textline/></stringresponse>'
        "</problem></vertical>"
    )


class Author:
    """The pages of a course for its author."""

    def __init__(self, browser: Any, site: str, tea: Tea) -> None:
        self.browser = browser
        self.site = site
        self.tea = tea

    def page[Page: StaffPage](self, kind: type[Page], url_name: str = "") -> Page:
        return kind(self.browser, self.site, TEACHER, url_name, course=self.tea.name)

    def visit[Page: StaffPage](self, kind: type[Page], url_name: str = "") -> Page:
        page = self.page(kind, url_name)
        page.visit()
        return page

    def lesson(self, learner: str, unit: str) -> LessonPage:
        """Open one of the lesson's units as a learner."""
        page = LessonPage(self.browser, self.site, learner, "lesson", course=self.tea.name)
        page.visit()
        page.open(unit)
        return page

    def make_configuration(self, name: str, *groups: str) -> int:
        """Create a configuration whose groups have equal weights, and return its id."""
        page = self.visit(ConfigurationsPage)
        form = page.new()
        form.rename(name)
        for number, group in enumerate(groups):
            form.rename_group(number, group)
        assert form.preview_consequences() == [NOBODY_IS_MOVED]
        form.save()
        return page.configuration(name).id

    def attach(self, configuration: str, url_name: str) -> ExperimentPage:
        editor = self.visit(EditorPage, url_name)
        editor.select_configuration(configuration)
        editor.form.save()
        return self.page(ExperimentPage, url_name).wait_for_page()  # type: ignore[no-any-return]

    def fill(self, experiment: ExperimentPage, arm: str, olx: str) -> None:
        editor = self.page(UnitEditorPage, experiment.url_name_of(arm))
        experiment.edit_content(arm)
        editor.wait_for_page()
        editor.write(olx)
        editor.form.save()

    def change_groups(self, name: str, change: Callable[[Any], None]) -> list[str]:
        """Change the groups of a configuration, and return the consequences shown before saving."""
        page = self.visit(ConfigurationsPage)
        form = page.configuration(name).edit()
        change(form)
        consequences = form.preview_consequences()
        form.save()
        return consequences


@pytest.fixture
def author(browser: Any, workbench: Workbench, tea: Tea) -> Author:
    return Author(browser, workbench.url, tea)


def answer(page: LessonPage, url_name: str, text: str) -> None:
    problem = Problem(page, url_name)
    problem.type(text)
    problem.submit()


def names(arms: list[Arm]) -> list[str]:
    return [arm.name for arm in arms]


def test_an_author_creates_an_experiment_and_adds_a_group_after_learners_have_joined(
    author: Author, workbench: Workbench
) -> None:
    tea = author.tea
    id = author.make_configuration("Minutes", "Short", "Long")
    experiment = author.visit(ExperimentPage, "minutes")
    assert experiment.messages == [NOT_CONFIGURED]
    assert experiment.active == []

    experiment.follow_message("Select a Group Configuration")
    editor = author.page(EditorPage, "minutes").wait_for_page()
    assert editor.configurations == ["Not selected", "Water", "Minutes"]
    assert editor.configuration == "Not selected"
    editor.select_configuration("Minutes")
    assert list(editor.contents.values()) == ["New, empty unit"] * 2
    editor.form.save()
    experiment.wait_for_page()
    assert experiment.messages == []
    assert names(experiment.active) == ["Short", "Long"]

    author.fill(experiment, "Short", unit("A short time", "short", "Fresh and light."))
    experiment.visit()
    author.fill(experiment, "Long", unit("A long time", "long", "Dark and strong."))

    lesson = author.visit(StaffLessonPage, "lesson")
    for group, title, text in (
        ("Short", "A short time", "Fresh and light."),
        ("Long", "A long time", "Dark and strong."),
    ):
        lesson.preview_group(group)
        lesson.open(title)
        assert lesson.text == text
    lesson.exit_preview()

    minutes = segmentation(id, "Short", "Long")
    short, long = (tea.new_learner(group, minutes) for group in ("Short", "Long"))
    answer(author.lesson(short, "A short time"), "short_question", "4")
    answer(author.lesson(long, "A long time"), "long_question", "3")

    consequences = author.change_groups("Minutes", lambda form: form.add_group("Overnight"))
    assert consequences == [
        "2 learners keep their current group.",
        "Only learners not yet assigned can get “Overnight”.",
    ]
    experiment.visit()
    assert experiment.messages == [MISSING]
    experiment.follow_message("Add Missing Groups")
    experiment.wait_for_page()
    assert experiment.messages == []
    assert names(experiment.active) == ["Short", "Long", "Overnight"]
    author.fill(experiment, "Overnight", unit("A whole night", "night", "Cold by now."))

    workbench.restart()

    minutes = segmentation(id, "Short", "Long", "Overnight")
    late = tea.new_learner("Overnight", minutes)
    assert author.lesson(late, "A whole night").text == "Cold by now."
    page = author.lesson(short, "A short time")
    assert page.text == "Fresh and light."
    assert Problem(page, "short_question").typed == "4"
    page = author.lesson(long, "A long time")
    assert Problem(page, "long_question").typed == "3"
    experiment.visit()
    assert [arm.facts[-2] for arm in experiment.active] == ["1 learner assigned"] * 3


def test_a_removed_group_leaves_an_inactive_arm_that_can_be_deleted(
    author: Author,
) -> None:
    learners = [author.tea.new_learner(group) for group in (BOILING, BOILING, WARM)]
    for learner in learners[:2]:
        author.lesson(learner, "Straight from the kettle")
    author.lesson(learners[2], "Let it cool first")

    consequences = author.change_groups("Water", lambda form: form.remove_group(WARM))
    assert consequences == [
        "2 learners keep their current group.",
        "1 learner of “Water” gets another group at the next visit.",
        "With one group only, all learners get the same content.",
    ]
    experiment = author.visit(ExperimentPage, "water")
    assert names(experiment.active) == ["Boiling"]
    inactive = Arm(
        "Let it cool first",
        ("Inactive: learners do not see this.",),
        ("Edit content Let it cool first", "Delete Let it cool first"),
    )
    assert inactive in experiment.inactive

    question = experiment.delete("Let it cool first")
    assert question == "Delete “Let it cool first” and all its content?"
    assert names(experiment.inactive) == ["Ice-cold, as last year"]
    assert author.lesson(learners[2], "Straight from the kettle").text


def test_a_removed_group_is_brought_back_with_its_content_and_its_learners(
    author: Author,
) -> None:
    learner = author.tea.new_learner(WARM)
    author.lesson(learner, "Let it cool first")
    author.change_groups("Water", lambda form: form.remove_group(WARM))
    form = author.page(ConfigurationsPage).configuration("Water").edit()
    assert form.removed_groups == ["Bring back “Warm”"]

    form.bring_back_group(WARM)
    assert form.removed_groups == []
    assert form.groups == [BOILING, WARM]
    form.remove_group(WARM)
    assert form.removed_groups == ["Bring back “Warm”"]
    form.bring_back_group(WARM)
    assert form.preview_consequences()[0] == "1 learner keeps the current group."
    form.save()

    assert names(author.visit(ExperimentPage, "water").active) == [BOILING, WARM]
    assert author.lesson(learner, "Let it cool first").text


def test_an_author_confirms_a_change_of_content_that_learners_have(author: Author) -> None:
    learner = author.tea.new_learner(BOILING)
    author.lesson(learner, "Straight from the kettle")
    editor = author.visit(EditorPage, "water")
    editor.select_content(0, "Let it cool first")
    consequences = editor.form.preview_consequences()
    assert consequences[0] == (
        "“Boiling or warm?”: 1 learner of “Boiling” gets “Let it cool first” "
        "instead of “Straight from the kettle”."
    )
    assert editor.form.submit == "Save now"
    assert editor.focus == ("button", "Save now")

    editor.rename("Warm or warm?")
    assert editor.form.consequences == []
    assert editor.form.submit == "Save"
    assert editor.form.preview_consequences() == consequences
    editor.form.save()

    experiment = author.page(ExperimentPage, "water").wait_for_page()
    assert [row[2:] for row in experiment.history] == [
        ("Boiling", "“Let it cool first” instead of “Straight from the kettle”", "1", "1")
    ]
    experiment.check_accessibility()
    experiment.resize(320, 640)
    assert not experiment.is_too_wide
    assert author.lesson(learner, "Let it cool first").text


def test_an_author_confirms_an_edit_of_a_unit_that_learners_have(author: Author) -> None:
    learner = author.tea.new_learner(WARM)
    author.lesson(learner, "Let it cool first")
    editor = author.visit(UnitEditorPage, "warm")
    editor.write(unit("Cooler", "warm", "Wait longer."))
    (edited, *_) = editor.form.preview_consequences()
    assert edited == "“Boiling or warm?”: 1 learner of “Warm” gets the edited content."
    editor.form.save()

    assert author.lesson(learner, "Cooler").text == "Wait longer."


def test_the_groups_of_a_configuration_have_weights_and_shares(author: Author) -> None:
    page = author.visit(ConfigurationsPage)
    assert page.names == ["Water"]
    form = page.configuration("Water").edit()
    form.weigh_group(0, 1)
    form.add_group("Iced")
    form.weigh_group(2, 8)
    form.preview_consequences()
    form.save()

    water = page.configuration("Water")
    assert water.facts == ["Experiment", "ID: 500"]
    assert water.groups == [
        ("Boiling", "1", "10%"),
        ("Warm", "1", "10%"),
        ("Iced", "8", "80%"),
    ]
    assert water.usages == [
        "How to make tea / Boiling or warm?",
        "How to serve it / Cup or glass?",
    ]


def test_a_configuration_is_saved_only_after_its_author_has_seen_the_consequences(
    author: Author,
) -> None:
    page = author.visit(ConfigurationsPage)
    form = page.configuration("Water").edit()
    form.rename("Heat")
    assert form.preview_consequences() == [NOBODY_IS_MOVED]
    assert form.submit == "Save now"

    form.rename("Temperature")
    assert form.consequences == []
    assert form.submit == "Save"
    assert page.reload().names == ["Water"]


def test_a_cancelled_form_shows_the_saved_values_when_it_is_opened_again(author: Author) -> None:
    page = author.visit(ConfigurationsPage)
    water = page.configuration("Water")
    form = water.edit()
    assert form.removals == ["Remove Boiling", "Remove Warm"]
    form.rename("Heat")
    form.remove_group(BOILING)
    assert form.removals == []
    form.add_group("Iced")
    assert form.removals == ["Remove Warm", "Remove Iced"]
    form.cancel()
    assert not form.is_shown

    water.edit()
    assert form.name == "Water"
    assert form.groups == ["Boiling", "Warm"]
    assert form.removals == ["Remove Boiling", "Remove Warm"]


def test_an_invalid_configuration_is_reported(author: Author) -> None:
    form = author.visit(ConfigurationsPage).configuration("Water").edit()
    form.weigh_group(0, 0)
    form.weigh_group(1, 0)

    assert form.try_to_save() == "At least one group must have a weight of 1 or more."
    assert form.groups == ["Boiling", "Warm"]


def test_a_configuration_in_use_cannot_be_deleted(author: Author) -> None:
    author.make_configuration("Minutes", "Short", "Long")
    page = author.page(ConfigurationsPage)
    assert page.configuration("Water").buttons == ["Edit Water"]
    assert page.configuration("Minutes").buttons == ["Edit Minutes", "Delete Minutes"]

    with another_window(author.browser):
        author.attach("Minutes", "minutes")
    message = page.configuration("Minutes").try_to_delete()
    assert message == (
        "This group configuration cannot be deleted, because experiments use it: "
        "How to make tea / Short or long?"
    )
    assert page.reload().names == ["Water", "Minutes"]


def test_an_unused_configuration_is_deleted_after_its_author_confirms(
    author: Author,
) -> None:
    author.make_configuration("Minutes", "Short", "Long")
    page = author.page(ConfigurationsPage)

    assert page.configuration("Minutes").delete().startswith("Delete Minutes")

    assert page.names == ["Water"]


def test_the_later_of_two_editors_of_an_experiment_is_warned_and_overwrites_nothing(
    author: Author,
) -> None:
    editor = author.visit(EditorPage, "water")
    editor.rename("My name")
    with another_window(author.browser):
        other = author.visit(EditorPage, "water")
        other.rename("Their name")
        other.form.save()

    assert editor.form.try_to_save() == CHANGED_MEANWHILE
    assert editor.name == "My name"
    assert author.visit(ExperimentPage, "water").title == "Their name"


def test_the_later_of_two_editors_of_a_unit_is_warned_and_overwrites_nothing(
    author: Author,
) -> None:
    mine, theirs = (unit(name, "minutes", "Wait.") for name in ("Mine", "Theirs"))
    editor = author.visit(UnitEditorPage, "warm")
    editor.write(mine)
    with another_window(author.browser):
        other = author.visit(UnitEditorPage, "warm")
        other.write(theirs)
        other.form.save()

    assert editor.form.try_to_save() == CHANGED_MEANWHILE
    assert editor.olx == mine
    assert 'display_name="Theirs"' in author.visit(UnitEditorPage, "warm").olx


def test_the_later_of_two_editors_of_configurations_is_warned_and_overwrites_nothing(
    author: Author,
) -> None:
    page = author.visit(ConfigurationsPage)
    form = page.configuration("Water").edit()
    form.rename("My name")
    with another_window(author.browser):
        author.change_groups("Water", lambda form: form.rename("Their name"))

    assert form.try_to_save() == CHANGED_MEANWHILE
    assert form.name == "My name"
    assert page.reload().names == ["Their name"]


def test_unreadable_olx_is_refused_and_stays_in_the_form(author: Author) -> None:
    editor = author.visit(UnitEditorPage, "warm")
    editor.write("<vertical><html>")

    assert editor.form.try_to_save().startswith("Not saved. Line ")
    assert editor.olx == "<vertical><html>"


def test_unusable_parts_of_olx_are_reported(author: Author) -> None:
    editor = author.visit(UnitEditorPage, "warm")
    editor.write("<vertical><crossword/></vertical>")

    assert editor.form.try_to_save() == "Saved, with 1 warning:"
    (problem,) = editor.problems
    assert "<crossword> is shown as a placeholder." in problem


def test_an_experiment_on_the_page_of_a_container_is_a_link_to_its_own_page(
    author: Author,
) -> None:
    lesson = author.visit(AuthorPage, "lesson")
    assert lesson.experiments == ["Boiling or warm?", "Short or long?"]
    assert lesson.arms == []


def test_an_author_can_navigate_by_keyboard(author: Author) -> None:
    editor = author.visit(EditorPage, "water")
    editor.q(css="[name=display_name]").first.click()
    editor.press(Keys.END, "!", Keys.TAB)
    assert editor.focus == ("combobox", "Group configuration")
    editor.press(Keys.TAB, Keys.TAB, Keys.TAB, Keys.TAB)
    assert editor.focus == ("button", "Save")
    editor.press(Keys.ENTER)

    experiment = author.page(ExperimentPage, "water").wait_for_page()
    assert experiment.title == "Boiling or warm?!"
    assert experiment.path == ["A Good Cup of Tea", "In the kitchen", "How to make tea"]


def test_a_configuration_can_be_edited_by_keyboard_alone(author: Author) -> None:
    page = author.visit(ConfigurationsPage)
    page.q(css=".xbx-manage .xbx-edit").first.results[0].send_keys(Keys.ENTER)
    assert page.focus == ("textbox", "Name")
    page.press(Keys.END, "!", Keys.ENTER)
    page.wait_for(lambda: page.focus == ("button", "Save now"), "the consequences are shown")
    page.press(Keys.ENTER)
    page.wait_for(lambda: page.names == ["Water!"], "it is saved")


def test_the_course_can_be_downloaded_as_olx_and_imported_again(
    author: Author, workbench: Workbench, tmp_path: Path
) -> None:
    page = author.visit(EditorPage, "water")
    page.rename("How hot?")
    page.form.save()
    experiment = author.page(ExperimentPage, "water").wait_for_page()
    archive = tmp_path / "tea.tar.gz"
    archive.write_bytes(experiment.download_course())

    message = workbench.command("import_course", str(archive))

    assert f"{author.tea.course_id}: 18 blocks imported. Problems (listed above): 0." in message
    assert experiment.reload().title == "How hot?"
