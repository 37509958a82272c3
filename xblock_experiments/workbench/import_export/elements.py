"""Elements of blocks that are written line by line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from xblock_experiments.olx.files import is_bare
from xblock_experiments.olx.untrusted import Limits, parse_xml

_WITHOUT_LIMIT = Limits(file_bytes=1 << 40)


@dataclass(slots=True)
class Element:
    """A block's element, and the lines inside it."""

    node: etree._Element
    inner: list[str] = field(default_factory=list)
    verbatim: str | None = None
    """The source of the element, if it is written unchanged."""
    usage_id: Any = None
    """The block's usage id, or None if the element is not a block."""

    def lines(self) -> list[str]:
        text = self.verbatim or etree.tostring(self.node, encoding="unicode", with_tail=False)
        if not self.inner:
            return [text]
        end = f"</{self.node.tag}>"
        start = f"{text[:-2]}>" if text.endswith("/>") else text.removesuffix(end)
        return [start, *(f"  {line}" for line in self.inner), end]

    def set(self, name: str, value: str) -> None:
        self.node.set(name, value)
        self.verbatim = None

    def remove(self, name: str) -> None:
        if name in self.node.attrib:
            del self.node.attrib[name]
            self.verbatim = None

    @property
    def is_bare(self) -> bool:
        return not self.inner and is_bare(self.node)


def parsed(text: str) -> etree._Element:
    return parse_xml(text.encode(), "a block's source", _WITHOUT_LIMIT)


def text_of(element: Element) -> str:
    return "\n".join(element.lines()) + "\n"
