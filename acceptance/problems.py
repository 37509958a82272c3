"""Page objects: Open edX's own blocks in the course `kinds`, as a learner sees and uses them."""

from __future__ import annotations

from typing import Any
from urllib.request import ProxyHandler, build_opener

from bok_choy.page_object import unguarded
from bok_choy.promise import EmptyPromise
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from acceptance.pages import OURS, CoursePage, LessonPage

_WIDTH, _HEIGHT = 1100, 2400
"""A window size that needs no scrolling."""


class KindsPage(CoursePage):
    """Any block of the course `kinds` on its own page."""

    def __init__(self, browser: Any, site: str, user_id: str, url_name: str) -> None:
        super().__init__(browser, site, user_id, url_name, course="kinds")
        self.resize(_WIDTH, _HEIGHT)

    @unguarded
    def wait_for_page(self, timeout: float = 30) -> Any:
        super().wait_for_page(timeout)
        self.wait_for_ajax()
        return self

    @property
    def text(self) -> str:
        (text,) = self.q(css=OURS).text
        return str(text)

    @property
    def addresses(self) -> list[str]:
        """The addresses of pictures and links, as the browser resolves them."""
        return [*self.q(css=f"{OURS} img").attrs("src"), *self.q(css=f"{OURS} a").attrs("href")]

    @property
    def are_pictures_there(self) -> bool:
        return bool(
            self._run(
                "const pictures = Array.from(document.querySelectorAll(arguments[0] + ' img'));"
                "return pictures.every((each) => each.complete && each.naturalWidth > 0);",
                OURS,
            )
        )


class UnitPage(KindsPage):
    """A unit with all its blocks."""


class SequencePage(KindsPage, LessonPage):
    """A sequential with its units in tabs. `text` is the text of the whole page."""


class Block:
    """A block on a page."""

    def __init__(self, page: CoursePage, url_name: str) -> None:
        self._page = page
        self._css = f"[data-usage$='+block@{url_name}']"

    @property
    def is_there(self) -> bool:
        return bool(self._page.q(css=self._css).present)

    def _q(self, css: str) -> Any:
        return self._page.q(css=f"{self._css} {css}")

    def _texts(self, css: str) -> list[str]:
        """Return the visible texts."""
        return [text.strip() for text in self._q(css).filter(lambda each: each.is_displayed()).text]

    def _text(self, css: str) -> str:
        return "\n".join(self._texts(css))

    def _click(self, css: str, text: str | None = None) -> None:
        elements = self._q(css)
        if text is not None:
            elements = elements.filter(lambda each: each.text.strip() == text)
        elements.first.click()
        self._page.wait_for_ajax()

    def _focus_on(self, css: str) -> None:
        self._page._run("document.querySelector(arguments[0]).focus();", f"{self._css} {css}")

    def _point_at(self, css: str) -> None:
        (element,) = self._q(css).results
        ActionChains(self._page.browser).move_to_element(element).perform()

    def _wait_for(self, css: str) -> None:
        EmptyPromise(lambda: bool(self._texts(css)), f"{self._css} {css} is visible").fulfill()


class Problem(Block):
    def choose(self, *texts: str) -> None:
        for text in texts:
            self._click("label", text)

    def select(self, option: str) -> None:
        self._click("select option", option)

    def type(self, text: str) -> None:
        self._q("input[type=text]").fill(text)
        self._page.wait_for_ajax()

    def submit(self) -> None:
        self._click(".submit")

    def save(self) -> None:
        self._click(".save")

    def reset(self) -> None:
        self._click(".reset")

    def show_answer(self) -> None:
        self._click(".show")

    def hint(self) -> None:
        self._click(".problem-action-buttons-wrapper .hint-button")

    @property
    def chosen(self) -> list[str]:
        """The texts of the selected choices."""
        ids = self._q("input:checked").attrs("id")
        return [text for each in ids for text in self._texts(f"label[for='{each}']")]

    @property
    def selected(self) -> str:
        """The selected option of the list."""
        return self._text("select option:checked")

    @property
    def typed(self) -> str:
        (value,) = self._q("input[type=text]").attrs("value")
        return str(value)

    @property
    def progress(self) -> str:
        return self._text(".problem-progress")

    @property
    def notification(self) -> str:
        """The message about the learner's last action."""
        return self._text(".notification .notification-message")

    @property
    def attempts(self) -> str:
        """The first line below the answer; the lines after it explain the grading."""
        return self._text(".submission-feedback").partition("\n")[0]

    @property
    def feedback(self) -> str:
        """The author's feedback on the answer."""
        return self._text(".message .hint-text")

    @property
    def solution(self) -> str:
        """The author's explanation, if it is shown."""
        return self._text(".solution-span")

    @property
    def buttons(self) -> dict[str, bool]:
        """The buttons, and whether they are enabled."""
        names = {
            "Submit": ".submit",
            "Save": ".save",
            "Reset": ".reset",
            "Show answer": ".show",
            "Hint": ".problem-action-buttons-wrapper .hint-button",
        }
        found = {name: self._q(css).results for name, css in names.items()}
        return {name: each[0].is_enabled() for name, each in found.items() if each}


class Video(Block):
    @property
    def has_player(self) -> bool:
        return bool(self._q(".video-wrapper .video-player").visible)

    @property
    def transcript(self) -> list[str]:
        return self._texts(".subtitles-menu li [role=link]")

    @property
    def languages(self) -> list[str]:
        """The language codes of the transcripts."""
        codes: list[str] = self._q(".langs-list li").attrs("data-lang-code")
        return codes

    @property
    def error(self) -> str:
        return self._text(".video-error")

    def wait_for_transcript(self) -> None:
        self._wait_for(".subtitles-menu li [role=link]")

    def wait_for_error(self) -> None:
        self._wait_for(".video-error")

    def download(self, form: str) -> str:
        """Download the transcript as a file, srt or txt. A click tells the server the format."""
        link = f".list-download-transcripts a[data-value={form}]"
        self._click(link)
        (address,) = self._q(link).attrs("href")
        with build_opener(ProxyHandler({})).open(address, timeout=30) as response:
            return str(response.read().decode())


class WordCloud(Block):
    def say(self, *words: str) -> None:
        for field, word in zip(self._q(".input-cloud").results, words, strict=True):
            field.send_keys(word)
        self._click(".save")
        self.wait_for_words()

    def wait_for_words(self) -> None:
        self._wait_for(".your_words")

    @property
    def own_words(self) -> list[str]:
        return self._texts(".your_words li")

    @property
    def total(self) -> str:
        return self._text(".total_num_words")


class Poll(Block):
    """A block of type poll_question."""

    def vote(self, answer: str) -> None:
        self._click(".text", answer)

    def vote_again(self) -> None:
        self._click(".reset-button")

    @property
    def numbers(self) -> dict[str, str]:
        """The number of votes for each answer, shown after the learner has voted."""
        return dict(zip(self._texts(".text"), self._texts(".number"), strict=False))


class Ballot(Block):
    """A block of type poll or survey."""

    def choose(self, *values: str) -> None:
        """Choose one value for each question."""
        names = dict.fromkeys(self._q("input[type=radio]").attrs("name"))
        for name, value in zip(names, values, strict=True):
            self._click(f"input[name='{name}'][value='{value}']")

    def submit(self) -> None:
        self._click("button.submit")
        self._wait_for(".poll-footnote")

    @property
    def percentages(self) -> list[str]:
        return self._texts(":is(.poll-percent-display, .percentage)")

    @property
    def footnote(self) -> str:
        return self._text(".poll-footnote")


class Annotation(Block):
    @property
    def note(self) -> str:
        """The visible note."""
        return self._text(".xbx-note")

    def focus(self) -> None:
        """Focus the annotation with the Tab key from the link before it."""
        self._focus_on(".annotatable-toggle")
        self._page.press(Keys.TAB)

    def point(self) -> None:
        self._point_at(".annotatable-span")

    def point_elsewhere(self) -> None:
        self._point_at(".annotatable-title")


class Sorting(Block):
    """A block of type drag-and-drop-v2, used by keyboard."""

    def place(self, item: int, zone: str) -> None:
        self._press_at(f".option[data-value='{item}']")
        self._press_at(f".zone[data-uid='{zone}']")
        self._page.wait_for_ajax()

    @property
    def feedback(self) -> str:
        return self._text(".popup-content")

    @property
    def progress(self) -> str:
        return self._text(".problem-progress")

    @property
    def placed(self) -> list[str]:
        return self._texts(".target .option .item-content")

    def _press_at(self, css: str) -> None:
        self._focus_on(css)
        actions = ActionChains(self._page.browser)
        actions.key_down(Keys.CONTROL).send_keys("m").key_up(Keys.CONTROL).perform()
