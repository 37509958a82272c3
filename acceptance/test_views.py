"""Appearance and accessibility of the pages of learners, staff and authors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from urllib.request import ProxyHandler, build_opener

import pytest
from selenium.webdriver.common.keys import Keys

from acceptance import policy
from acceptance.author_pages import (
    AuthorPage,
    ConfigurationsPage,
    EditorPage,
    ExperimentPage,
    StaffLessonPage,
    StaffView,
    UnitEditorPage,
)
from acceptance.events_page import EventsPage
from acceptance.first_page import FirstPage, QuestionPage
from acceptance.pages import CoursePage, LessonPage
from acceptance.server import Workbench
from acceptance.tea import BOILING, FOLDER, TEACHER, WARM, Tea

SMALL = (320, 640)
"""The window size in pixels at which WCAG 2.1 (1.4.10) requires no horizontal scrolling."""
ZOOMED = (550, 450)
"""A window of 1100 by 900 pixels at 200 %."""
DIRECTIONS = {"en": "ltr", "ar": "rtl"}

TakePicture = Callable[[str], None]


class RefusedPage(CoursePage):
    """The page that a learner sees who requests a page of authors."""

    view = "author_view"


@dataclass(frozen=True)
class Pages:
    """The pages of a course that has learners, with a method for each view."""

    browser: Any
    site: str
    tea: Tea
    learner: str

    def page[Page: CoursePage](
        self, kind: type[Page], url_name: str = "", user_id: str = TEACHER
    ) -> Page:
        return kind(self.browser, self.site, user_id, url_name, course=self.tea.name)

    def outline(self) -> CoursePage:
        return self.page(CoursePage, user_id=self.learner).visit()  # type: ignore[no-any-return]

    def lesson(self) -> CoursePage:
        page = self.page(LessonPage, "lesson", self.learner)
        page.visit()
        page.open("Let it cool first")
        return page

    def refused(self) -> CoursePage:
        return self.page(RefusedPage, "water", self.learner).visit()  # type: ignore[no-any-return]

    def staff(self) -> CoursePage:
        page = self.page(StaffLessonPage, "lesson")
        page.visit()
        page.open("Boiling or warm?")
        return page

    def staff_without_arms(self) -> CoursePage:
        page = self.page(StaffLessonPage, "lesson")
        page.visit()
        page.open("Short or long?")
        return page

    def staff_of_nested(self) -> CoursePage:
        """Open an experiment inside an arm of another one, in the demo course."""
        page = StaffLessonPage(self.browser, self.site, TEACHER, "at_home")
        page.visit()
        page.open(page.titles[0])
        return page

    def preview(self) -> CoursePage:
        page = self.page(StaffLessonPage, "lesson")
        page.visit()
        page.preview_group(WARM)
        page.open("Let it cool first")
        return page

    def preview_of_nobody(self) -> CoursePage:
        page = self.page(StaffLessonPage, "lesson")
        page.visit()
        page.preview_learner("nobody")
        return page

    def author_of_outline(self) -> CoursePage:
        return self.page(AuthorPage).visit()  # type: ignore[no-any-return]

    def author_of_lesson(self) -> CoursePage:
        page: CoursePage = self.page(AuthorPage, "lesson").visit()
        page.q(css="[role=tab]").results[1].click()
        return page

    def author(self) -> CoursePage:
        return self.page(ExperimentPage, "water").visit()  # type: ignore[no-any-return]

    def editor(self) -> CoursePage:
        return self.page(EditorPage, "water").visit()  # type: ignore[no-any-return]

    def confirmation(self) -> CoursePage:
        """Open an experiment's form that asks to confirm the swap of two units."""
        page = self.page(EditorPage, "water")
        page.visit()
        page.select_content(0, "Let it cool first")
        page.select_content(1, "Straight from the kettle")
        page.form.preview_consequences()
        return page

    def draft(self) -> CoursePage:
        """Open a form that has changes from before the page was left."""
        page = self.page(EditorPage, "water").visit()
        page.rename("Typed")
        return page.reload()  # type: ignore[no-any-return]

    def unit_editor(self) -> CoursePage:
        return self.page(UnitEditorPage, "warm").visit()  # type: ignore[no-any-return]

    def configurations(self) -> CoursePage:
        """Open a configuration's form that shows the consequences of saving."""
        page = self.page(ConfigurationsPage)
        page.visit()
        form = page.configuration("Water").edit()
        form.add_group("Iced")
        form.preview_consequences()
        return page

    def removed_group(self) -> CoursePage:
        """Open a configuration's form that offers to bring back a group."""
        page = self.page(ConfigurationsPage)
        page.visit()
        form = page.configuration("Water").edit()
        form.remove_group(WARM)
        form.preview_consequences()
        return page

    def new_configuration(self) -> CoursePage:
        """Open a configuration's form that shows an error."""
        page = self.page(ConfigurationsPage)
        page.visit()
        form = page.new()
        form.rename("Minutes")
        form.weigh_group(0, 0)
        form.weigh_group(1, 0)
        form.try_to_save()
        return page

    def first(self) -> CoursePage:
        return FirstPage(self.browser, self.site).visit()  # type: ignore[no-any-return]

    def question(self) -> CoursePage:
        return QuestionPage(self.browser, self.site).visit()  # type: ignore[no-any-return]

    def events(self) -> CoursePage:
        """Open the page of the course's events, with one event expanded."""
        page = EventsPage(self.browser, self.site, f"&course={quote(self.tea.course_id)}")
        page.visit()
        page.open_first()
        return page


VIEWS = (
    Pages.outline,
    Pages.lesson,
    Pages.refused,
    Pages.staff,
    Pages.staff_without_arms,
    Pages.staff_of_nested,
    Pages.preview,
    Pages.preview_of_nobody,
    Pages.author_of_outline,
    Pages.author_of_lesson,
    Pages.author,
    Pages.editor,
    Pages.confirmation,
    Pages.draft,
    Pages.unit_editor,
    Pages.configurations,
    Pages.removed_group,
    Pages.new_configuration,
    Pages.first,
    Pages.question,
    Pages.events,
)
View = Callable[[Pages], CoursePage]

every_view = pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)


@pytest.fixture(scope="module")
def course(workbench: Workbench, new_tea: Callable[[], Tea]) -> Tea:
    """Return a course with one learner that these tests do not change."""
    tea = new_tea()
    visit_as_new_learner(workbench, tea, BOILING)
    return tea


@pytest.fixture(scope="module")
def course_for_pictures(workbench: Workbench) -> Tea:
    """Return a course whose name and learners do not depend on the tests that run."""
    tea = Tea("tea")
    workbench.add_course(FOLDER, tea.name)
    for group in [BOILING] * 9 + [WARM] * 3:
        visit_as_new_learner(workbench, tea, group)
    return tea


def visit_as_new_learner(workbench: Workbench, tea: Tea, group: str) -> None:
    """Open the lesson as a new learner of the group."""
    learner = tea.new_learner(group)
    address = f"{workbench.url}/scenario/{tea.name}.lesson/?student={learner}"
    build_opener(ProxyHandler({})).open(address, timeout=30).close()


@pytest.fixture
def pages(browser: Any, workbench: Workbench, course: Tea) -> Pages:
    return Pages(browser, workbench.url, course, course.new_learner(WARM))


@pytest.mark.parametrize("language", DIRECTIONS)
@every_view
def test_a_page_passes_the_audit_in_light_and_dark_mode(
    pages: Pages, view: View, language: str
) -> None:
    pages.page(CoursePage).set_cookie("django_language", language)
    page = view(pages)

    assert page.language == (language, DIRECTIONS[language])
    page.check_accessibility()
    page.prefer_dark()
    page.check_accessibility()


@every_view
def test_a_page_has_no_landmark_heading_or_title_twice(pages: Pages, view: View) -> None:
    page = view(pages)
    title = page.browser.title.split(" | ")

    assert sorted(page.landmarks) == sorted(set(page.landmarks))
    assert sorted(page.headings) == sorted(set(page.headings))
    assert title == list(dict.fromkeys(title))


@every_view
def test_a_page_fits_on_a_small_screen_and_when_zoomed(pages: Pages, view: View) -> None:
    pages.page(CoursePage).resize(*SMALL)
    page = view(pages)

    assert not page.is_too_wide
    page.resize(*ZOOMED, scale=2)
    assert not page.is_too_wide


@pytest.mark.parametrize(
    ("kind", "url_name"),
    [
        (AuthorPage, ""),
        (ExperimentPage, "cups"),
        (ExperimentPage, "minutes"),
        (EditorPage, "water"),
        (UnitEditorPage, "warm"),
        (ConfigurationsPage, ""),
        (StaffLessonPage, "table"),
    ],
)
def test_nothing_moves_while_a_page_is_loading(
    pages: Pages, kind: type[CoursePage], url_name: str
) -> None:
    assert pages.page(kind, url_name).visit().layout_shift < 0.01


def test_our_pages_comply_with_a_policy_that_forbids_inline_code(pages: Pages) -> None:
    """Check pages that contain no blocks of other packages."""
    pages.page(CoursePage).set_cookie(policy.COOKIE, "yes")
    for kind, url_name in ((AuthorPage, ""), (ExperimentPage, "cups"), (UnitEditorPage, "warm")):
        pages.page(kind, url_name).visit()
    pages.configurations()
    pages.removed_group()
    pages.first()
    pages.question()
    pages.events()
    editor = pages.page(EditorPage, "minutes").visit()
    editor.select_configuration("Water")
    assert list(editor.contents.values()) == ["New, empty unit"] * 2

    lesson = pages.page(StaffLessonPage, "table").visit()
    view = StaffView(lesson, "cups")
    view.focus()
    lesson.press(Keys.ARROW_DOWN)
    assert view.shown == ["Warm"]
    lesson.preview_group(WARM)
    assert lesson.titles == ["In a glass"]
    learners = pages.page(LessonPage, "table", pages.learner).visit()

    # The browser says that it does not ask about unsaved changes of a form that nobody touched.
    assert [each for each in learners.console_errors if "beforeunload" not in each] == []


def test_the_policy_that_forbids_inline_code_is_enforced(pages: Pages) -> None:
    """Check that the policy blocks other packages' blocks, which validates the test above."""
    page = pages.page(LessonPage, "lesson", pages.learner)
    page.set_cookie(policy.COOKIE, "yes")
    pages.browser.get(page.url)

    log = "\n".join(entry["message"] for entry in pages.browser.get_log("browser"))
    assert "Content Security Policy" in log


def test_a_page_starts_with_a_link_to_its_content(pages: Pages) -> None:
    page = pages.author()
    page.press(Keys.TAB)
    assert page.focus == ("link", "Skip to content")
    page.press(Keys.ENTER, Keys.TAB)
    assert page.focus == ("link", "A Good Cup of Tea")


def test_the_language_can_be_switched_by_keyboard(pages: Pages) -> None:
    page = pages.page(LessonPage, "lesson", pages.learner).visit()
    page.open("Let it cool first")
    page.q(css=".xbx-languages button").results[-1].send_keys("")
    assert page.focus == ("button", "العربية")
    page.press(Keys.ENTER)
    page.wait_for(lambda: page.language == ("ar", "rtl"), "the page is in Arabic")
    page.wait_for_page()
    assert page.selected == "Let it cool first"

    page.switch_language("English")
    page.wait_for(lambda: page.language == ("en", "ltr"), "the page is in English")


@pytest.mark.parametrize(
    ("name", "view", "height"),
    [
        ("staff", Pages.staff, 1000),
        ("author", Pages.author, 1400),
        ("editor", Pages.editor, 1050),
        ("confirm", Pages.confirmation, 1050),
        ("configurations", Pages.configurations, 1700),
        ("preview", Pages.preview, 1050),
        ("events", Pages.events, 1000),
    ],
)
def test_a_picture_of_a_view_is_small_enough_for_the_documentation(
    browser: Any,
    workbench: Workbench,
    course_for_pictures: Tea,
    take_picture: TakePicture,
    name: str,
    view: View,
    height: int,
) -> None:
    pages = Pages(browser, workbench.url, course_for_pictures, learner="")
    pages.page(CoursePage).resize(1100, height, scale=0.8)
    view(pages)
    take_picture(name)
