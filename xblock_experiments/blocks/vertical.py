"""A unit: its children, one below the other."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop
from web_fragments.fragment import Fragment
from webob import Response
from xblock.core import XBlock

from xblock_experiments.blocks import unit_editor
from xblock_experiments.blocks.base.handlers import staff_handler
from xblock_experiments.blocks.base.rendering import render
from xblock_experiments.blocks.base.structure import Structure


@XBlock.wants("olx", "pages", "user")
class VerticalBlock(Structure):
    """What Open edX calls a unit, and what stands in each arm of an experiment."""

    default_name = gettext_noop("Unit")

    def content_view(self, context: Any) -> Fragment:
        fragment = Fragment()
        children = [
            self.render_child(child, fragment, context) for child in self.get_child_blocks()
        ]
        fragment.content = render("vertical.html", {"children": children}, self.i18n)
        self.add_files(fragment, "icons.css", "vertical.css")
        return fragment

    def studio_view(self, context: Any = None) -> Fragment:
        """Its content as OLX, where the runtime can read that."""
        return unit_editor.studio_view(self)

    @staff_handler
    def save_olx(self, request: Any, suffix: str = "") -> Response:
        """Take the OLX that was sent in place of its content."""
        return unit_editor.save(self, request)
