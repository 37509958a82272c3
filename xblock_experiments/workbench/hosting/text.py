"""A block for texts of courses, used if Open edX's own one is not installed."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import nh3
from django.templatetags.static import static
from django.utils.html import format_html
from lxml import etree
from web_fragments.fragment import Fragment
from xblock.core import XBlock
from xblock.fields import Scope, String

from xblock_experiments.blocks.base.fields import JSONDict
from xblock_experiments.olx.sentences import Sentence
from xblock_experiments.olx.values import text_of

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_NEVER_NEST = frozenset(
    {
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source"),
        *("dd", "dt", "li", "option", "p", "tbody", "td", "tfoot", "th", "thead", "tr", "wbr"),
    }
)
_DEPTH = 200


@XBlock.wants("pages")
class TextBlock(XBlock):
    """Shows its author's HTML without unsafe elements and attributes. It has no other features."""

    display_name = String(scope=Scope.settings, default="")
    xml_attributes = JSONDict(scope=Scope.settings, default={})
    content = String(help="HTML.", scope=Scope.content, default="")

    @classmethod
    def parse_xml(cls, node: Any, runtime: Any, keys: Any) -> Any:
        block = runtime.construct_xblock_from_class(cls, keys)
        block.xml_attributes = dict(node.attrib)
        block.display_name = text_of(block.xml_attributes.pop("display_name", "")) or ""
        inner = (etree.tostring(child, encoding="unicode", method="html") for child in node)
        block.content = (node.text or "") + "".join(inner)
        if _is_nested_too_deeply(block.content):
            runtime.error_tracker(
                Sentence("its HTML is nested too deeply; its source is shown instead")
            )
        elif left_out := _elements(block.content) - _elements(nh3.clean(block.content)):
            elements = ", ".join(f"<{name}>" for name in sorted(left_out))
            reason = Sentence(
                "these elements of its HTML are left out: {elements}", elements=elements
            )
            runtime.error_tracker(reason)
        return block

    def student_view(self, context: Any = None) -> Fragment:
        if _is_nested_too_deeply(self.content):
            return Fragment(format_html('<pre class="xbx-text">{}</pre>', self.content))
        html = nh3.clean(
            self.content,
            attribute_filter=self._attribute,
            url_schemes={"http", "https", "mailto"},
        )
        fragment = Fragment(f'<div class="xbx-text">{html}</div>')
        fragment.add_css_url(static("xblock_experiments/workbench.css"))
        return fragment

    def _attribute(self, element: str, attribute: str, value: str) -> str:
        pages = self.runtime.service(self, "pages")
        if pages is None or attribute not in ("href", "src"):
            return value
        if value.startswith("/static/") and value != "/static/":
            return pages.static_url(unquote(value.removeprefix("/static/")), self) or value
        if value.startswith("/jump_to_id/"):
            return pages.url_of(value.removeprefix("/jump_to_id/"), self) or value
        return value


def _elements(html: str) -> set[str]:
    return {name.lower() for _, name in _TAG.findall(html)}


def _is_nested_too_deeply(html: str) -> bool:
    """Return whether so many elements are nested that HTML's parsing rules would take too long."""
    depth = 0
    for slash, name in _TAG.findall(html):
        if name.lower() not in _NEVER_NEST:
            depth = max(0, depth - 1) if slash else depth + 1
        if depth > _DEPTH:
            return True
    return False
