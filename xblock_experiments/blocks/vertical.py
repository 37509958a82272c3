"""A unit, which shows its children one below the other."""

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


@XBlock.wants("olx", "user")
class VerticalBlock(Structure):
    """A unit, as in Open edX. Each arm of an experiment holds one."""

    default_name = gettext_noop("Unit")

    def content_view(self, context: Any) -> Fragment:
        fragment = Fragment()
        children = [
            self.render_child(child, fragment, context) for child in self.get_child_blocks()
        ]
        fragment.content = render("vertical.html", {"children": children}, self)
        self.add_files(fragment, "icons.css", "vertical.css")
        return fragment

    def studio_view(self, context: Any = None) -> Fragment:
        """Render the editor of its content as OLX, if the runtime can read OLX."""
        return unit_editor.studio_view(self)

    @staff_handler
    def save_olx(self, request: Any, suffix: str = "") -> Response:
        """Replace its content with the submitted OLX."""
        return unit_editor.save(self, request)
