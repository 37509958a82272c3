"""Page objects: the workbench's pages of a course as authors and staff see and use them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.request import ProxyHandler, build_opener

from bok_choy.promise import EmptyPromise, Promise
from selenium.common.exceptions import NoAlertPresentException, WebDriverException
from selenium.webdriver.common.keys import Keys

from acceptance.pages import CoursePage, LessonPage
from acceptance.problems import Block


@dataclass(frozen=True)
class Message:
    """A problem of an experiment, with the text of the button or link that fixes it."""

    kind: str
    text: str
    action: str


@dataclass(frozen=True)
class Arm:
    """One arm on the page of an experiment."""

    name: str
    facts: tuple[str, ...]
    buttons: tuple[str, ...]


@contextmanager
def another_window(browser: Any) -> Iterator[None]:
    """Use another window of the same browser, then close it and return to the first one."""
    first = browser.current_window_handle
    browser.execute_script("open('about:blank');")
    (second,) = (each for each in browser.window_handles if each != first)
    browser.switch_to.window(second)
    try:
        yield
    finally:
        browser.close()
        browser.switch_to.window(first)


class StaffPage(CoursePage):
    """Any page as staff see it, with links to other views above and previews below."""

    @property
    def views(self) -> list[str]:
        links: list[str] = self.q(css=".xbx-views a").text
        return links

    def open_view(self, link: str) -> None:
        self._load(self.q(css=".xbx-views a").filter(text=link).first.click)

    def leave_for(self, link: str, *, really: bool) -> str:
        """Follow a link from a page with unsaved changes. Return the question, and answer it."""
        question = ""

        def leave() -> None:
            nonlocal question
            self.q(css=".xbx-views a").filter(text=link).first.click()
            question = _answer(self.browser, agrees=really)

        if really:
            self._load(leave)
        else:
            leave()
        return question

    @property
    def warns_before_it_is_closed(self) -> bool:
        """Return whether the browser asks the author before it closes the page."""
        return bool(
            self._run(
                "const event = new Event('beforeunload', { cancelable: true });"
                "window.dispatchEvent(event);"
                "return event.defaultPrevented;"
            )
        )

    @property
    def banner(self) -> str:
        """The banner that names the previewed group or learner, or "" without a preview."""
        return "\n".join(self.q(css=".xbx-preview p").text)

    def preview_group(self, group: str) -> None:
        self.q(css="#xbx-preview-group option").filter(text=group).first.click()
        self._load(self.q(css="#xbx-preview-group ~ .xbx-button").click)

    def preview_learner(self, user_id: str) -> None:
        self.q(css="#xbx-preview-learner").fill(user_id)
        self._load(self.q(css="#xbx-preview-learner ~ .xbx-button").click)

    def exit_preview(self) -> None:
        self._load(self.q(css=".xbx-preview .xbx-button").click)

    def download_course(self) -> bytes:
        (address,) = self.q(css=".xbx-tools a[href*='/export/']").attrs("href")
        with build_opener(ProxyHandler({})).open(address, timeout=30) as response:
            content: bytes = response.read()
        return content

    @property
    def messages(self) -> list[Message]:
        items = self.q(css=".xbx-message").results
        return [_message(item) for item in items]

    def follow_message(self, action: str) -> None:
        """Press the button of a message or follow its link."""
        self._load(self.q(css=".xbx-message .xbx-button").filter(text=action).first.click)

    def _load(self, act: Callable[[], object]) -> None:
        """Do something that makes the browser load a page, and wait until the page has loaded."""
        self._run("window.isLeft = true;")
        act()
        EmptyPromise(self._is_loaded, "the next page has loaded").fulfill()

    def _is_loaded(self) -> bool:
        try:
            return bool(self._run("return !window.isLeft && document.readyState === 'complete';"))
        except WebDriverException:
            return False


class StaffLessonPage(StaffPage, LessonPage):
    """A sequential, as staff see it."""


class StaffView(Block):
    """An experiment on a learner's page, as staff see it."""

    @property
    def choices(self) -> list[str]:
        return self._texts(".split-test-select option")

    @property
    def chosen(self) -> str:
        return self._text(".split-test-select option:checked")

    def choose(self, arm: str) -> None:
        """Choose an arm by its name, with which the text of its choice starts."""
        options = self._q(".split-test-select option")
        options.filter(lambda each: each.text.startswith(arm)).first.click()

    def focus(self) -> None:
        self._focus_on(".split-test-select")

    @property
    def shown(self) -> list[str]:
        """The names of the visible arms."""
        return self._texts(".xbx-arm-name")

    @property
    def announced(self) -> str:
        """The last announcement to screen readers."""
        (text,) = self._q("[role=status]:not(.xbx-status)").attrs("textContent")
        return str(text)

    @property
    def facts(self) -> list[str]:
        """The facts about the visible arm."""
        return self._texts(".xbx-facts li")

    @property
    def configuration(self) -> str:
        return self._texts(".xbx-staff-head > p")[0]

    @property
    def messages(self) -> list[Message]:
        return [_message(item) for item in self._q(".xbx-message").results]

    @property
    def own(self) -> str:
        """The arm that the member of staff would see as a learner."""
        return self._text(".xbx-own")

    @property
    def text(self) -> str:
        """The text of the visible arm."""
        return self._text("[data-block-type=html]")


class ExperimentPage(StaffPage):
    """The page of an experiment for its authors."""

    view = "author_view"

    @property
    def title(self) -> str:
        return "\n".join(self.q(css=".xbx-author-title").text)

    @property
    def path(self) -> list[str]:
        """The links to the containers of the experiment."""
        texts: list[str] = self.q(css=".xbx-trail a").text
        return texts

    @property
    def active(self) -> list[Arm]:
        return self._arms(".xbx-active")

    @property
    def inactive(self) -> list[Arm]:
        return self._arms(".xbx-inactive")

    def url_name_of(self, arm: str) -> str:
        """Return the url_name of the unit that is the arm."""
        (child_id,) = self._articles(arm).attrs("data-child-id")
        return str(child_id).rpartition("@")[2]

    def edit(self) -> None:
        self._load(self.q(css=".xbx-links [href*='/studio_view/']").first.click)

    def edit_content(self, arm: str) -> None:
        (article,) = self._articles(arm).results
        self._load(article.find_element_by_css_selector("a.xbx-button").click)

    def delete(self, arm: str) -> str:
        """Delete an inactive arm and return the question that the author must confirm."""
        (article,) = self._articles(arm).results
        question = ""

        def delete() -> None:
            nonlocal question
            article.find_element_by_css_selector(".xbx-delete").click()
            question = _agree(self.browser)

        self._load(delete)
        return question

    @property
    def history(self) -> list[tuple[str, ...]]:
        """The cells of the table of changes after learners joined."""
        rows = self.q(css=".xbx-history tbody tr").results
        return [tuple(cell.text for cell in row.find_elements_by_tag_name("td")) for row in rows]

    def _articles(self, name: str) -> Any:
        return self.q(css="article.xbx-arm").filter(lambda each: _name_of(each) == name)

    def _arms(self, section: str) -> list[Arm]:
        return [_arm(each) for each in self.q(css=f"{section} > .xbx-arm").results]


class AuthorPage(StaffPage):
    """The page of a block that contains experiments, as authors see it."""

    view = "author_view"

    @property
    def experiments(self) -> list[str]:
        """The names of the experiments on the page, in all tabs."""
        names: list[str] = self.q(css=".xbx-author-title").attrs("textContent")
        return names

    @property
    def arms(self) -> list[str]:
        names: list[str] = self.q(css=".xbx-arm-name").attrs("textContent")
        return names


class Form:
    """A form on a page. It shows its own errors."""

    def __init__(self, page: StaffPage, css: str) -> None:
        self._page = page
        self._css = css

    @property
    def is_shown(self) -> bool:
        return bool(self._q("").visible)

    def save(self) -> None:
        """Save the form and wait for the page that it leads to."""
        self._page._load(self._q("[type=submit]").click)

    def try_to_save(self) -> str:
        """Submit the form and return the error that it shows."""
        self._q("[type=submit]").click()
        return self.wait_for_status()

    def preview_consequences(self) -> list[str]:
        """Submit the form, and return the consequences of saving that it then shows."""
        self._q("[type=submit]").click()
        css = f"{self._css} .xbx-consequences"
        self._page.wait_for_element_visibility(css, "the consequences are shown")
        return self.consequences

    @property
    def consequences(self) -> list[str]:
        """The visible consequences of saving."""
        sentences = self._q(".xbx-consequences li")
        return [text for text in sentences.text if text]

    @property
    def submit(self) -> str:
        """The text of the button that saves."""
        (text,) = self._q("[type=submit]").text
        return str(text)

    def wait_for_status(self) -> str:
        def check() -> tuple[bool, str]:
            status = "".join(self._q(".xbx-status").text)
            return bool(status), status

        return str(Promise(check, "the form shows a status").fulfill())

    @property
    def draft(self) -> str:
        """The form's message about changes that were not saved when the page was left."""
        (text,) = self._q(".xbx-draft [role=status]").text
        return str(text)

    def decide(self, button: str) -> None:
        """Bring back or discard the changes that were not saved."""
        self._q(".xbx-draft button").filter(text=button).first.click()

    def _q(self, css: str) -> Any:
        return self._page.q(css=f"{self._css} {css}")

    def _fill(self, css: str, text: str) -> None:
        self._q(css).fill(text)

    def _value(self, css: str) -> str:
        (value,) = self._q(css).attrs("value")
        return str(value)


class EditorPage(StaffPage):
    """The form of an experiment."""

    view = "studio_view"

    @property
    def form(self) -> Form:
        return Form(self, ".xbx-editor")

    @property
    def name(self) -> str:
        return self.form._value("[name=display_name]")

    def rename(self, name: str) -> None:
        self.form._fill("[name=display_name]", name)

    @property
    def configurations(self) -> list[str]:
        names: list[str] = self.q(css="[name=user_partition_id] option").text
        return names

    @property
    def configuration(self) -> str:
        (name,) = self.q(css="[name=user_partition_id] option:checked").text
        return str(name)

    def select_configuration(self, name: str) -> None:
        self.q(css="[name=user_partition_id] option").filter(text=name).first.click()

    @property
    def contents(self) -> dict[str, str]:
        """The unit that is the arm of each group of the configuration."""
        labels = self.q(css="fieldset:enabled .xbx-field label").text
        units = self.q(css="fieldset:enabled select option:checked").text
        return dict(zip(labels, units, strict=True))

    def select_content(self, group: int, unit: str) -> None:
        """Select the content of a group. Groups are counted from 0."""
        (select,) = self.q(css="fieldset:enabled select").results[group : group + 1]
        options = select.find_elements_by_tag_name("option")
        next(option for option in options if option.text == unit).click()


class UnitEditorPage(StaffPage):
    """The form of a unit: its content as OLX."""

    view = "studio_view"

    @property
    def form(self) -> Form:
        return Form(self, ".xbx-unit-editor")

    @property
    def olx(self) -> str:
        return self.form._value("textarea")

    def write(self, olx: str) -> None:
        self.form._fill("textarea", olx)

    @property
    def problems(self) -> list[str]:
        """The parts of the OLX that cannot be used."""
        lines: list[str] = self.q(css=".xbx-problems li").text
        return lines


class ConfigurationsPage(StaffPage):
    """The group configurations of a course."""

    view = "studio_view"

    @property
    def names(self) -> list[str]:
        names: list[str] = self.q(css=".xbx-card h3").text
        return names

    def configuration(self, name: str) -> Configuration:
        cards = self.q(css="article.xbx-card")
        (css_id,) = cards.filter(lambda each: _name_of(each, "h3") == name).attrs("id")
        return Configuration(self, f"#{css_id}")

    def new(self) -> ConfigurationForm:
        """Return the form of a new configuration."""
        self.q(css="[aria-controls=form-new]").click()
        return ConfigurationForm(self, "#form-new")


class Configuration:
    """A group configuration in the list of the page."""

    def __init__(self, page: ConfigurationsPage, css: str) -> None:
        self._page = page
        self._css = css

    @property
    def id(self) -> int:
        (css_id,) = self._page.q(css=self._css).attrs("id")
        return int(css_id.rpartition("-")[2])

    @property
    def facts(self) -> list[str]:
        facts: list[str] = self._page.q(css=f"{self._css} .xbx-facts li").text
        return facts

    @property
    def groups(self) -> list[tuple[str, ...]]:
        """The name, weight and share of each group."""
        rows = self._page.q(css=f"{self._css} tbody tr").results
        return [tuple(cell.text for cell in row.find_elements_by_tag_name("td")) for row in rows]

    @property
    def usages(self) -> list[str]:
        links: list[str] = self._page.q(css=f"{self._css} > ul a").text
        return links

    @property
    def buttons(self) -> list[str]:
        buttons = self._page.q(css=f"{self._css} .xbx-manage .xbx-button")
        return [_in_one_line(text) for text in buttons.attrs("textContent")]

    def edit(self) -> ConfigurationForm:
        """Open the form, unless a draft has opened it."""
        if not self._page.q(css=f"{self._css} form").visible:
            self._button(".xbx-edit").click()
        return ConfigurationForm(self._page, f"{self._css} form")

    def delete(self) -> str:
        """Delete the configuration and return the question that the author must confirm."""
        question = ""

        def delete() -> None:
            nonlocal question
            self._button(".xbx-delete").click()
            question = _agree(self._page.browser)

        self._page._load(delete)
        return question

    def try_to_delete(self) -> str:
        """Try to delete the configuration and return the error that is shown."""
        self._button(".xbx-delete").click()
        return Form(self._page, f"{self._css} .xbx-manage").wait_for_status()

    def _button(self, css: str) -> Any:
        return self._page.q(css=f"{self._css} .xbx-manage {css}")


class ConfigurationForm(Form):
    """The form of a group configuration."""

    @property
    def name(self) -> str:
        return self._value("[name=name]")

    def rename(self, name: str) -> None:
        self._fill("[name=name]", name)

    @property
    def groups(self) -> list[str]:
        names: list[str] = self._q("[name=group_name]").attrs("value")
        return names

    def rename_group(self, number: int, name: str) -> None:
        """Rename a group. Groups are counted from 0."""
        self._replace("[name=group_name]", number, name)

    def weigh_group(self, number: int, weight: int) -> None:
        self._replace("[name=group_weight]", number, str(weight))

    def add_group(self, name: str) -> None:
        self._q(".xbx-add").click()
        self.rename_group(len(self.groups) - 1, name)

    def remove_group(self, name: str) -> None:
        number = self.groups.index(name)
        self._q(".xbx-remove").results[number].click()

    @property
    def removed_groups(self) -> list[str]:
        """The texts of the buttons that bring back groups."""
        texts: list[str] = self._q(".xbx-bring-back").text
        return texts

    def bring_back_group(self, name: str) -> None:
        self._q(".xbx-bring-back").filter(text=f"Bring back “{name}”").first.click()

    @property
    def removals(self) -> list[str]:
        """The names of the enabled buttons that remove groups."""
        buttons = self._q(".xbx-remove:enabled").attrs("textContent")
        return [_in_one_line(text) for text in buttons]

    def cancel(self) -> None:
        self._q(".xbx-cancel").click()

    def _replace(self, css: str, number: int, text: str) -> None:
        field = self._q(css).results[number]
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text)


def _agree(browser: Any) -> str:
    """Confirm the question that the page asks, and return it."""
    return _answer(browser, agrees=True)


def _answer(browser: Any, *, agrees: bool) -> str:
    """Answer the question that the page asks, and return it."""

    def check() -> tuple[bool, Any]:
        try:
            return True, browser.switch_to.alert
        except NoAlertPresentException:
            return False, None

    alert = Promise(check, "the page asks for confirmation").fulfill()
    question: str = alert.text
    if agrees:
        alert.accept()
    else:
        alert.dismiss()
    return question


def _message(item: Any) -> Message:
    kind, _, text = item.find_element_by_tag_name("p").text.partition(". ")
    actions = item.find_elements_by_css_selector(".xbx-button")
    return Message(kind, text, "\n".join(each.text for each in actions))


def _arm(article: Any) -> Arm:
    head = article.find_element_by_css_selector(".xbx-arm-head")
    facts = head.find_elements_by_css_selector(".xbx-facts li")
    buttons = head.find_elements_by_css_selector(".xbx-button")
    return Arm(
        _name_of(article),
        tuple(fact.text for fact in facts),
        tuple(_in_one_line(button.get_attribute("textContent")) for button in buttons),
    )


def _name_of(element: Any, css: str = ".xbx-arm-name") -> str:
    return str(element.find_element_by_css_selector(css).text)


def _in_one_line(text: str) -> str:
    return " ".join(text.split())
