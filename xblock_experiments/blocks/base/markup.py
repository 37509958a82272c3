"""Containment of a block's HTML, so that its faults do not reach the page around it.

A stray `</div>` closes an element of the page, and an unclosed comment hides the rest of it.
"""

from __future__ import annotations

import re
from html import escape

from lxml import etree

from xblock_experiments.blocks.base.language import Language, page_language


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SPACE = r"[ \t\n\f\r]"
_ATTRIBUTE = (
    rf"[^ \t\n\f\r/>][^ \t\n\f\r/>=]*+"
    rf"(?:{_SPACE}*+={_SPACE}*+"
    r"""(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|(?=>)|[^ \t\n\f\r>"'][^ \t\n\f\r>]*+))?+"""
)
_TAG = re.compile(
    r"<(?P<slash>/?)(?P<name>[a-zA-Z][^ \t\n\f\r/>]*+)"
    rf"(?:[ \t\n\f\r/]*+{_ATTRIBUTE})*+(?P<end>[ \t\n\f\r/]*+)>"
)
_COMMENT = re.compile(r"<!--(?:-?>|.*?--!?>)", re.DOTALL)
_CDATA = re.compile(r"<!\[CDATA\[.*?\]\]>", re.DOTALL)
_OTHER = re.compile(r"<[!?/][^>]*>")
_LETTER = re.compile(r"<[a-zA-Z]")

_VOID = _names(
    "area base basefont bgsound br col embed hr image img input keygen link meta param source track"
    " wbr"
)
_RAW = _names("iframe noembed noframes noscript script style textarea title xmp")
"""Elements whose content is text, up to their first end tag."""
_LISTED = _names("hr optgroup option script template")
"""The elements inside `select`. Browsers ignore others there, or close the list."""
_OF_THE_PAGE = _names("body frame frameset head html plaintext")
"""Elements that change the page around them wherever they are."""
_PAGE_TAG = re.compile(
    rf"</?(?:{'|'.join(sorted(_OF_THE_PAGE))})(?=[ \t\n\f\r/>])[^>]*+>", re.IGNORECASE
)
_END_OF_TEXT = {name: re.compile(rf"</{name}(?=[ \t\n\f\r/>])", re.IGNORECASE) for name in _RAW}
_IN_SCRIPT = re.compile(
    r"(?P<hide><!--)(?!-?>)|(?P<show>-->)|(?P<slash></?)script(?=[ \t\n\f\r/>])", re.IGNORECASE
)
_HTML, _MATH, _SVG = "", "math", "svg"
"""The languages of elements' content."""
_CONTENT = {
    (_HTML, "math"): _MATH,
    (_HTML, "svg"): _SVG,
    **{(_MATH, name): _HTML for name in ("mi", "mn", "mo", "ms", "mtext")},
    **{(_SVG, name): _HTML for name in ("desc", "foreignobject", "title")},
}
"""The language of an element's content where it is another one than that of the element."""
_LEAVING = _names(
    "b big blockquote br center code dd div dl dt em embed font h1 h2 h3 h4 h5 h6 hr i img li"
    " listing menu meta nobr ol p pre ruby s small span strike strong sub sup table tt u ul"
    " var"
)
"""HTML elements that end SVG and MathML around them, in whatever state these are."""
_SECTIONS = _names(
    "article aside blockquote details dl fieldset figure footer form header main menu nav object ol"
    " section table td template th ul"
)
_ENDING = {
    "button": (frozenset({"button"}), frozenset[str]()),
    "col": (frozenset({"template"}), frozenset({"colgroup", "table"})),
    "dd": (frozenset({"dd", "dt"}), _SECTIONS),
    "dt": (frozenset({"dd", "dt"}), _SECTIONS),
    "li": (frozenset({"li"}), _SECTIONS),
    "table": (frozenset({"table"}), frozenset({"caption", "td", "template", "th"})),
}
"""The open elements that a new one ends with all in them, and the elements that prevent this."""
_DEPTH = 200
"""The most elements that may be open. Browsers have limits too."""


def authored(html: str, language: Language) -> str:
    """Return another package's HTML, in an element with its language if the page has another."""
    attributes = language.attributes_within(page_language().direction)
    return f"<div{attributes}>{contained(html)}</div>" if attributes else contained(html)


def contained(html: str) -> str:
    """Return the HTML itself if each of its elements is closed, or else a repaired copy.

    HTML that cannot be repaired is returned as text.
    """
    if _is_nested(html):
        return html
    repaired = _repaired(html)
    return repaired if _is_nested(repaired) else escape(html)


def _is_nested(html: str) -> bool:
    """Return whether each start tag has its end tag, in the order of nesting.

    Reads tags as browsers do. Returns False also for HTML that is valid without some end tags.
    """
    nesting = _Nesting(html)
    position = html.find("<")
    while position >= 0:
        end = nesting.read(position)
        if end is None:
            return False
        position = html.find("<", end)
    return not nesting.open_elements


def _repaired(html: str) -> str:
    """Return the HTML as a parser understands it, without tags that concern the whole page."""
    source = _PAGE_TAG.sub("", html)
    parser = etree.HTMLParser(encoding="utf-8")
    try:
        root = etree.fromstring(f"<body>{source}".encode(errors="replace"), parser)
    except etree.LxmlError:
        return html
    parts = []
    for part in root:
        parts.append(escape(part.text or "", quote=False))
        parts += [etree.tostring(each, encoding="unicode", method="html") for each in part]
    return "".join(parts)


class _Nesting:
    """The elements that are open while HTML is read. Methods return None for a fault."""

    def __init__(self, html: str) -> None:
        self.open_elements: list[str] = []
        self._html = html
        self._languages = [_HTML]
        self._open_lists = 0

    def read(self, position: int) -> int | None:
        """Read what begins with the `<` at the position, and return where it ends."""
        tag = _TAG.match(self._html, position)
        if tag is None:
            return self._read_other(position)
        name = tag["name"].lower() if tag["name"].isascii() else tag["name"]
        if name in _OF_THE_PAGE:
            return None
        if tag["slash"]:
            return self._close(tag, name)
        if self._languages[-1] == _HTML:
            return self._open(tag, name)
        return self._open_foreign(tag, name)

    def _open(self, tag: re.Match[str], name: str) -> int | None:
        if not self._fits(name):
            return None
        if name in _VOID:
            return tag.end()
        if name in _RAW:
            return self._read_text(tag.end(), name)
        is_closed = (_HTML, name) in _CONTENT and tag["end"].endswith("/")
        return tag.end() if is_closed else self._push(tag, name)

    def _open_foreign(self, tag: re.Match[str], name: str) -> int | None:
        if name in _LEAVING:
            return None
        if self.open_elements[-1] == "annotation-xml" and name == "svg":
            return None
        if name == "annotation-xml" and ("html" in tag[0].lower() or "&" in tag[0]):
            return None
        return tag.end() if tag["end"].endswith("/") else self._push(tag, name)

    def _fits(self, name: str) -> bool:
        """Return whether the element leaves all elements around it open."""
        if self._open_lists:
            return name in _LISTED
        if name not in _ENDING:
            return True
        ended, keeping = _ENDING[name]
        around = (each for each in reversed(self.open_elements) if each in ended | keeping)
        return next(around, None) not in ended

    def _push(self, tag: re.Match[str], name: str) -> int | None:
        if len(self.open_elements) == _DEPTH:
            return None
        language = self._languages[-1]
        self.open_elements.append(name)
        self._languages.append(_CONTENT.get((language, name), language))
        self._open_lists += name == "select"
        return tag.end()

    def _close(self, tag: re.Match[str], name: str) -> int | None:
        if name in _VOID and self._languages[-1] == _HTML:
            return tag.end()
        if not self.open_elements or self.open_elements.pop() != name:
            return None
        self._languages.pop()
        self._open_lists -= name == "select"
        return tag.end()

    def _read_text(self, start: int, name: str) -> int | None:
        """Read the text of an element, and its end tag."""
        find = _end_of_script if name == "script" else _END_OF_TEXT[name].search
        closing = find(self._html, start)
        tag = _TAG.match(self._html, closing.start()) if closing else None
        if tag is None:
            return None
        # Browsers without scripts read what is in it.
        is_read = name == "noscript"
        return None if is_read and not _is_nested(self._html[start : tag.start()]) else tag.end()

    def _read_other(self, position: int) -> int | None:
        """Read a comment, or a character that begins no tag."""
        html = self._html
        if html.startswith("<!--", position):
            found = _COMMENT.match(html, position)
        elif html.startswith("<![CDATA[", position) and self._languages[-1] != _HTML:
            found = _CDATA.match(html, position)
        elif html.startswith(("<!", "<?", "</"), position):
            found = _OTHER.match(html, position)
        else:
            return None if _LETTER.match(html, position) else position + 1
        return found.end() if found else None


def _end_of_script(html: str, start: int) -> re.Match[str] | None:
    """Return the end tag of a script, which is not its first one if that is inside a comment."""
    is_hidden = is_inner = False
    for found in _IN_SCRIPT.finditer(html, start):
        if found["hide"]:
            is_hidden = True
        elif found["show"]:
            is_hidden = is_inner = False
        elif found["slash"] == "<":
            is_inner = is_hidden
        elif is_inner:
            is_inner = False
        else:
            return found
    return None
