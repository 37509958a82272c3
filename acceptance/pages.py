"""Page objects: the workbench's pages of a course as a learner sees and uses them."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote

from bok_choy.page_object import PageObject, unguarded
from bok_choy.promise import EmptyPromise
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

OURS = ".student_view"
"""The selector of the content of a page, without the frame around it."""

OPENEDX_BLOCKS = ".xmodule_display"
"""The selector of Open edX's texts, problems and videos, which have their own markup."""

_LANDMARKS = (
    "body > header, nav, main, aside, body > footer, [role=region], [role=search],"
    "section:is([aria-label], [aria-labelledby]):not([role]),"
    "form:is([aria-label], [aria-labelledby]):not([role])"
)

_SHOWN = "[role=tabpanel]:not([hidden])"


@dataclass(frozen=True)
class Tab:
    """The appearance of a tab, with its names for the unit."""

    icon: str
    title: str
    tooltip: str
    name: str
    """The name that screen readers announce."""


@dataclass(frozen=True)
class TabState:
    """The state of a tab for browsers and screen readers, and the visibility of its panel."""

    aria_selected: str
    tabindex: int
    is_panel_hidden: bool


class CoursePage(PageObject):
    """Any block of a course on its own page, or the whole course without a url_name."""

    view = ""
    """The name of the view, or an empty string for the learners' view."""

    def __init__(
        self, browser: Any, site: str, user_id: str, url_name: str = "", *, course: str = "energy"
    ) -> None:
        super().__init__(browser)
        scenario = f"{course}.{url_name}" if url_name else course
        path = f"{scenario}/{self.view}/" if self.view else f"{scenario}/"
        self._url = f"{site}/scenario/{path}?student={quote(user_id, safe='')}"

    @property
    def url(self) -> str:
        return self._url

    def is_browser_on_page(self) -> bool:
        """Return whether the page is open, its scripts have started and its problems are loaded.

        The SDK marks each block whose script has started.
        """
        return _without_unit(self.browser.current_url) == self.url and bool(
            self._run(
                "if (document.readyState !== 'complete') return false;"
                "const content = document.querySelector(arguments[0]);"
                "const block = content && content.querySelector('.xblock-v1');"
                "const problems = document.querySelectorAll('.problems-wrapper');"
                "const hasBegun = !document.querySelector('[data-init]')"
                "  || (block && block.xblock_children !== undefined);"
                "return content && hasBegun"
                "  && Array.from(problems).every((each) => each.querySelector('.action'));",
                OURS,
            )
        )

    def reload(self) -> Self:
        self.wait_for_ajax()
        self.browser.refresh()
        self.wait_for_page()
        return self

    @property
    def source(self) -> str:
        """The source with scripts, comments and hidden elements, in one line."""
        return " ".join(html.unescape(self.browser.page_source).split())

    @property
    def frame(self) -> str:
        """The source outside Open edX's blocks, which have buttons "Hint" and "Text"."""
        source = self._run(
            "const page = document.documentElement.cloneNode(true);"
            "page.querySelectorAll(arguments[0]).forEach((block) => block.replaceChildren());"
            "return page.outerHTML;",
            OPENEDX_BLOCKS,
        )
        return html.unescape(source)

    @property
    def usage_ids(self) -> set[str]:
        return set(self.q(css="[data-usage]").attrs("data-usage"))

    @property
    def resources(self) -> list[str]:
        """The addresses of all resources that the browser has fetched for the page."""
        addresses: list[str] = self._run(
            "return performance.getEntriesByType('resource').map((entry) => entry.name);"
        )
        return addresses

    @property
    def console_errors(self) -> list[str]:
        """The browser's errors since the last read, from any page."""
        return [
            entry["message"]
            for entry in self.browser.get_log("browser")
            if entry["level"] == "SEVERE" and "/favicon.ico " not in entry["message"]
        ]

    @property
    def is_too_wide(self) -> bool:
        """Return whether content of ours requires horizontal scrolling."""
        return bool(
            self._run(
                "const parts = [document.documentElement, document.querySelector(arguments[0])];"
                "return parts.some((part) => part.scrollWidth > part.clientWidth);",
                OURS,
            )
        )

    @property
    def focus(self) -> tuple[str, str]:
        """The role and the accessible name of the focused element."""
        (focused,) = (node for node in self._accessible_nodes() if _has(node, "focused"))
        return focused["role"]["value"], focused["name"]["value"]

    def press(self, *keys: str, shift: bool = False) -> None:
        """Press keys one after the other. The focused element receives them."""
        actions = ActionChains(self.browser)
        if shift:
            actions.key_down(Keys.SHIFT)
        actions.send_keys(*keys)
        if shift:
            actions.key_up(Keys.SHIFT)
        actions.perform()

    @unguarded
    def resize(self, width: int, height: int, scale: float = 1) -> None:
        """Set the window's size until the end of the test. A `scale` below 1 shrinks pictures."""
        self.browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False},
        )

    @unguarded
    def prefer_dark(self) -> None:
        """Prefer dark colours until the end of the test."""
        dark = {"name": "prefers-color-scheme", "value": "dark"}
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [dark]})

    @unguarded
    def set_cookie(self, name: str, value: str) -> None:
        """Set a cookie before the page is visited."""
        cookie = {"name": name, "value": value, "url": self.url}
        self.browser.execute_cdp_cmd("Network.setCookie", cookie)

    @property
    def language(self) -> tuple[str, str]:
        """The language of the page and its writing direction."""
        (page,) = self.q(css="html").results
        return page.get_attribute("lang"), page.get_attribute("dir")

    @property
    def landmarks(self) -> list[str]:
        """The kind and the name of each visible landmark outside Open edX's blocks."""
        return [
            " ".join([each.tag_name, each.get_attribute("role") or "", self._label_of(each)])
            for each in self._visible(_LANDMARKS)
        ]

    @property
    def headings(self) -> list[str]:
        """The texts of all visible headings, also those of Open edX's blocks."""
        headings = self.q(css="h1, h2, h3, h4, h5, h6")
        texts: list[str] = headings.filter(lambda each: each.is_displayed()).text
        return texts

    def _visible(self, css: str) -> list[Any]:
        elements: list[Any] = self._run(
            "return Array.from(document.querySelectorAll(arguments[0])).filter("
            "  (each) => each.checkVisibility() && !each.closest(arguments[1]));",
            css,
            OPENEDX_BLOCKS,
        )
        return elements

    def _label_of(self, element: Any) -> str:
        ids = (element.get_attribute("aria-labelledby") or "").split()
        texts = [self.q(css=f"[id='{each}']").text[0] for each in ids]
        return " ".join([element.get_attribute("aria-label") or "", *texts])

    @property
    def notice(self) -> str:
        """The page's message about a request of a block that failed."""
        (text,) = self.q(css=".xbx-notice").text
        return str(text)

    def wait_for_notice(self) -> str:
        self.wait_for(lambda: bool(self.notice), "the page says what went wrong")
        return self.notice

    def switch_language(self, name: str) -> None:
        self.q(css=".xbx-languages button").filter(text=name).first.click()

    @property
    def layout_shift(self) -> float:
        """The cumulative layout shift while the page was loading."""
        shift: float = self.browser.execute_async_script(
            "const done = arguments[0]; let shift = 0;"
            "new PerformanceObserver((list) => {"
            "  list.getEntries().forEach((entry) => { shift += entry.value; });"
            "}).observe({ type: 'layout-shift', buffered: true });"
            "requestAnimationFrame(() => setTimeout(() => done(shift)));"
        )
        return shift

    def write_from_right_to_left(self) -> None:
        self._run("document.documentElement.dir = 'rtl';")

    def check_accessibility(self) -> None:
        """Audit the visible content. Raises AccessibilityError."""
        # Otherwise bok-choy reuses the results of the last audit of this page.
        self._run("delete window.a11yAuditResults;")
        self.a11y_audit.config.set_scope(exclude=[OPENEDX_BLOCKS])
        self.a11y_audit.check_for_accessibility_errors()

    def _run(self, script: str, *arguments: Any) -> Any:
        return self.browser.execute_script(script, *arguments)

    def _accessible_nodes(self) -> list[dict[str, Any]]:
        tree = self.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})
        return [
            node
            for node in tree["nodes"]
            if not node["ignored"] and node["role"]["value"] != "RootWebArea"
        ]


class CourseOutlinePage(CoursePage):
    """The chapters and lessons of the course, or the lessons of one chapter."""

    def is_browser_on_page(self) -> bool:
        return super().is_browser_on_page() and bool(self.q(css=".xbx-outline").present)

    @property
    def links(self) -> list[str]:
        texts: list[str] = self.q(css=".xbx-outline a").text
        return texts

    def follow(self, link: str) -> None:
        self.q(css=".xbx-outline a").filter(text=link).first.click()


class LessonPage(CoursePage):
    """A sequential: units behind tabs."""

    def is_browser_on_page(self) -> bool:
        return super().is_browser_on_page() and bool(self.q(css=".xbx-sequential").present)

    @unguarded
    def wait_for_unit(self) -> None:
        """Wait until the open unit is there, with its problems."""
        EmptyPromise(self._is_unit_there, "the open unit is there").fulfill()
        self.wait_for_ajax()

    def _is_unit_there(self) -> bool:
        return bool(
            self._run(
                "const panel = document.querySelector(arguments[0]);"
                "const problems = panel.querySelectorAll('.problems-wrapper');"
                "return !panel.querySelector('[data-later]')"
                "  && Array.from(problems).every((each) => each.querySelector('.action'));",
                _SHOWN,
            )
        )

    @property
    def heading(self) -> str:
        return self._only_text(".xbx-sequential-title")

    @property
    def path(self) -> list[str]:
        """The links that lead back to the position of the lesson in the course."""
        texts: list[str] = self.q(css=".xbx-path a").text
        return texts

    def follow(self, link: str) -> None:
        self.q(css=".xbx-path a").filter(text=link).first.click()

    @property
    def titles(self) -> list[str]:
        """The titles of the tabs."""
        titles: list[str] = self.q(css="[role=tab]").attrs("data-page-title")
        return titles

    @property
    def tabs(self) -> list[Tab]:
        elements = self.q(css="[role=tab]")
        names = [
            node["name"]["value"]
            for node in self._accessible_nodes()
            if node["role"]["value"] == "tab"
        ]
        return [
            Tab(*tab)
            for tab in zip(
                map(_icon_in, elements.attrs("class")),
                self.titles,
                elements.attrs("title"),
                names,
                strict=True,
            )
        ]

    @property
    def tab_states(self) -> list[TabState]:
        states = self._run(
            "return Array.from(document.querySelectorAll('[role=tab]'), (tab) => ["
            "  tab.getAttribute('aria-selected'), tab.tabIndex,"
            "  document.getElementById(tab.getAttribute('aria-controls')).hidden]);"
        )
        return [TabState(*state) for state in states]

    @property
    def selected(self) -> str:
        """The title of the one tab that is selected."""
        (title,) = self.q(css="[role=tab][aria-selected=true]").attrs("data-page-title")
        return str(title)

    @property
    def unit(self) -> str:
        """The heading of the one unit that is visible."""
        return self._only_text(f"{_SHOWN} .xbx-unit-title")

    @property
    def text(self) -> str:
        """The text in the visible unit."""
        return "\n".join(self.q(css=f"{_SHOWN} [data-block-type=html]").text)

    def open(self, title: str) -> None:
        """Open a unit by a click on its tab."""
        self.click_tab(title)
        self.wait_for_unit()

    def click_tab(self, title: str) -> None:
        self.q(css="[role=tab]").filter(
            lambda tab: tab.get_attribute("data-page-title") == title
        ).first.click()

    def open_all(self) -> None:
        """Open each unit, and return to the one that was open."""
        selected = self.selected
        for title in [*self.titles, selected]:
            self.open(title)

    @unguarded
    def go_back(self) -> None:
        self.browser.back()
        self.wait_for_page()
        self.wait_for_unit()

    @unguarded
    def go_forward(self) -> None:
        self.browser.forward()
        self.wait_for_page()
        self.wait_for_unit()

    @property
    def loaded(self) -> list[str]:
        """The titles of the units that are on the page."""
        return [
            title
            for title, is_there in zip(
                self.titles,
                self._run(
                    "return Array.from(document.querySelectorAll('[role=tabpanel] > .xbx-unit'),"
                    "  (unit) => !unit.hasAttribute('data-later'));"
                ),
                strict=True,
            )
            if is_there
        ]

    @property
    def message(self) -> str:
        """The text in the open unit that says why the unit is not there."""
        return self._only_text(f"{_SHOWN} [role=alert] p")

    @property
    def announcement(self) -> str:
        """The text that screen readers announced last."""
        return str(self._run("return document.querySelector('[role=status]').textContent;"))

    def try_again(self) -> None:
        self.q(css=f"{_SHOWN} [role=alert] button").first.click()

    @property
    def steps(self) -> dict[str, bool]:
        """The buttons below the unit, and whether they are enabled."""
        buttons = self.q(css=".xbx-step")
        return dict(zip(buttons.text, buttons.map(lambda button: button.is_enabled()), strict=True))

    def step(self, button: str) -> None:
        self.q(css=".xbx-step").filter(text=button).first.click()
        self.wait_for_unit()

    def play(self) -> None:
        """Play the video in the visible unit."""
        self.q(css=f"{_SHOWN} .video_control.play").click()

    def go_to(self, sentence: str) -> None:
        """Click a sentence of the video's transcript."""
        self.q(css=f"{_SHOWN} .subtitles [role=link]").filter(text=sentence).first.click()

    @property
    def seconds(self) -> float:
        """The current time of the video, in seconds."""
        return float(self._run(f"return document.querySelector('{_SHOWN} video').currentTime;"))

    @property
    def arm_ids(self) -> list[str]:
        """The usage ids of the visible arms, an outer arm before those inside it."""
        ids: list[str] = self.q(css=f"{_SHOWN} .split-test-view").attrs("data-child-id")
        return ids

    @property
    def is_focus_visible(self) -> bool:
        """Return whether the focused element is uncovered; a sticky banner could cover it."""
        return bool(
            self._run(
                "const focused = document.activeElement, box = focused.getBoundingClientRect();"
                "const x = box.left + box.width / 2;"
                "return [box.top + 1, box.bottom - 1].every("
                "  (y) => focused.contains(document.elementFromPoint(x, y)));"
            )
        )

    def _only_text(self, css: str) -> str:
        (text,) = self.q(css=css).text
        return str(text)


def _without_unit(url: str) -> str:
    """Return the address without the part that names the open unit of a lesson."""
    address, _, _ = url.partition("#")
    page, mark, query = address.partition("?")
    parts = [part for part in query.split("&") if not part.startswith("activate_block_id=")]
    return f"{page}{mark}{'&'.join(parts)}"


def _has(node: dict[str, Any], name: str) -> bool:
    return any(
        entry["name"] == name and entry["value"].get("value")
        for entry in node.get("properties", [])
    )


def _icon_in(classes: str) -> str:
    (icon,) = (name for name in classes.split() if name.startswith("seq_"))
    return icon
