"""The block that stands in for one that its package cannot make, and the sentence for learners."""

from __future__ import annotations

from typing import Any, NoReturn

from django.utils.html import format_html
from django.utils.translation import gettext_noop
from web_fragments.fragment import Fragment
from webob import Response
from xblock.core import XBlock

from xblock_experiments.blocks.base.language import page_language
from xblock_experiments.workbench.hosting.i18n import translations_of

CANNOT_BE_SHOWN = gettext_noop("This part of the page cannot be shown.")


class FailedBlock(XBlock):
    """Shows one sentence, and answers each request with status 500."""

    def fallback_view(self, view_name: str, context: Any = None) -> Fragment:
        return sentence(CANNOT_BE_SHOWN)

    @XBlock.handler
    def fallback_handler(self, handler_name: str, request: Any, suffix: str = "") -> Response:
        return Response(status=500)

    def add_xml_to_node(self, node: Any) -> NoReturn:
        """Raise RuntimeError, because the block's content is unknown."""
        msg = f"its package cannot make {self.scope_ids.usage_id}"
        raise RuntimeError(msg)


def sentence(text: str) -> Fragment:
    """Return a translated sentence in place of a block."""
    translated = translations_of().gettext(text)
    return Fragment(
        format_html('<p class="xbx-nothing"{}>{}</p>', page_language().attributes, translated)
    )
