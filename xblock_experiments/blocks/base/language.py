"""The language and direction of authors' texts, also on pages in other languages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from unicodedata import bidirectional

from django.conf import settings
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, get_language_bidi

_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE)
_RIGHT_TO_LEFT = frozenset(
    {
        *("ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks"),
        *("pnb", "prs", "ps", "sd", "syr", "ug", "ur", "yi"),
    }
)
_SCRIPTS_RIGHT_TO_LEFT = frozenset({"adlm", "arab", "aran", "hebr", "nkoo", "rohg", "syrc", "thaa"})
_BIDI_CONTROLS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_FROM_RIGHT = frozenset({"R", "AL"})
"""The classes of characters that are written from right to left."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language, as HTML names it."""

    tag: str
    direction: str
    """The direction of writing: `ltr`, `rtl`, or `auto` if the language is only assumed."""

    @property
    def attributes(self) -> SafeString:
        """Return the attributes of an element in this language, each after a space."""
        return _attributes(self.tag, self.direction)

    @property
    def marks(self) -> SafeString:
        """Return the attributes that a name needs on this page. Names have the direction `auto`."""
        return self.attributes_within("auto")

    def attributes_within(self, direction: str) -> SafeString:
        """Return the attributes that differ from the page's language and from the direction."""
        tag = "" if self._is_that_of(page_language()) else self.tag
        return _attributes(tag, "" if self.direction == direction else self.direction)

    def _is_that_of(self, page: Language) -> bool:
        tags = [self.tag.lower(), page.tag.lower()]
        if self.direction == "auto":
            tags = [tag.partition("-")[0] for tag in tags]
        return len({*tags}) == 1


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a block as a page shows it."""

    text: str
    language: Language | None
    """The language of the name, or None for a default name in the language of the page."""

    def __str__(self) -> str:
        return self.text

    @property
    def attributes(self) -> SafeString:
        """Return the attributes of an element that has this name as its text."""
        page = page_language()
        return (self.language or page).attributes_within(page.direction)

    @property
    def html(self) -> SafeString:
        """Return the name as an element, which keeps it apart from the direction of the page."""
        attributes = self.language.marks if self.language else ""
        return format_html("<bdi{}>{}</bdi>", attributes, self.text)


def isolated(text: str) -> str:
    """Isolate the text if it could reorder a sentence on this page, as it may run the other way.

    Text from left to right cannot reorder a sentence of that direction.
    """
    may_reorder = get_language_bidi() or not (
        _BIDI_CONTROLS.isdisjoint(text) and _FROM_RIGHT.isdisjoint(map(bidirectional, text))
    )
    return f"\u2068{text}\u2069" if may_reorder else text


def page_language() -> Language:
    """Return the language of the sentences on the page, which is that of the request."""
    tag = get_language() or settings.LANGUAGE_CODE
    return Language(tag, "rtl" if get_language_bidi() else "ltr")


def language_of(course: Any) -> Language:
    """Return the course's own language, or the platform's if the course names none."""
    tag = str(getattr(course, "language", None) or "").replace("_", "-")
    if not _TAG.fullmatch(tag):
        return Language(settings.LANGUAGE_CODE, "auto")
    return Language(tag, _direction_of(tag))


def _direction_of(tag: str) -> str:
    """Return the direction of the tag's script, or else the usual one of its language."""
    language, *others = tag.lower().split("-")
    script = next((each for each in others if len(each) == 4 and each.isalpha()), None)
    is_from_right = script in _SCRIPTS_RIGHT_TO_LEFT if script else language in _RIGHT_TO_LEFT
    return "rtl" if is_from_right else "ltr"


def _attributes(tag: str, direction: str) -> SafeString:
    found = (("lang", tag), ("dir", direction))
    return format_html_join("", ' {}="{}"', ((name, value) for name, value in found if value))
