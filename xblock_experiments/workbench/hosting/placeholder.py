"""The placeholder for blocks that cannot run here."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.translation import gettext_noop
from lxml import etree
from web_fragments.fragment import Fragment
from xblock.core import XBlock
from xblock.fields import Scope, String

from xblock_experiments.blocks.base.language import page_language
from xblock_experiments.olx.values import text_of

NOT_INSTALLED = gettext_noop("Its package is not installed.")
NOT_USABLE = gettext_noop("Its package cannot be used here.")
_ICONS = frozenset({"problem", "video"})


@XBlock.needs("i18n")
class PlaceholderBlock(XBlock):
    """Shows the block's name and icon. Its XML is stored, and exported unchanged."""

    display_name = String(scope=Scope.settings, default="")
    olx = String(help="The block as it was read.", scope=Scope.content, default="")
    reason = String(help="Why it cannot run.", scope=Scope.content, default="")

    @classmethod
    def parse_xml(cls, node: Any, runtime: Any, keys: Any) -> Any:
        block = runtime.construct_xblock_from_class(cls, keys)
        block.display_name = text_of(node.get("display_name", "")) or ""
        block.olx = etree.tostring(node, encoding="unicode", with_tail=False)
        return block

    def student_view(self, context: Any = None) -> Fragment:
        _ = self.runtime.service(self, "i18n").gettext
        block_type = self.scope_ids.block_type
        sentence = _("This component of type “{type}” cannot be shown.")
        reason = _(self.reason or NOT_INSTALLED)
        fragment = Fragment(
            format_html(
                '<div class="xbx-placeholder seq_{}" role="note">'
                '<p class="xbx-placeholder-title">{}</p><p{}>{} {}</p></div>',
                self.get_icon_class(),
                self.display_name or block_type,
                page_language().attributes,
                sentence.format(type=block_type),
                reason,
            )
        )
        fragment.add_css_url(static("xblock_experiments/workbench.css"))
        return fragment

    def get_icon_class(self) -> str:
        block_type: str = self.scope_ids.block_type
        return block_type if block_type in _ICONS else "other"
