"""Text of a course, where Open edX's own block for it is not installed."""

from __future__ import annotations

from typing import Any

import nh3
from django.templatetags.static import static
from lxml import etree
from web_fragments.fragment import Fragment
from xblock.core import XBlock
from xblock.fields import Scope, String

from xblock_experiments.blocks.fields import JSONDict


@XBlock.wants("pages")
class TextBlock(XBlock):
    """Shows the HTML that its author wrote, without what could do harm: a reader, no more."""

    display_name = String(scope=Scope.settings, default="")
    xml_attributes = JSONDict(scope=Scope.settings, default={})
    content = String(help="HTML.", scope=Scope.content, default="")

    @classmethod
    def parse_xml(cls, node: Any, runtime: Any, keys: Any) -> Any:
        block = runtime.construct_xblock_from_class(cls, keys)
        block.xml_attributes = dict(node.attrib)
        block.display_name = block.xml_attributes.pop("display_name", "")
        inner = (etree.tostring(child, encoding="unicode", method="html") for child in node)
        block.content = (node.text or "") + "".join(inner)
        return block

    def student_view(self, context: Any = None) -> Fragment:
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
        folder, _, rest = value.removeprefix("/").partition("/")
        if folder == "static" and rest:
            return pages.static_url(rest, self) or value
        if folder == "jump_to_id":
            return pages.url_of(rest, self) or value
        return value

    def __repr__(self) -> str:
        return f"<{self.scope_ids.block_type} {self.scope_ids.usage_id}>"
