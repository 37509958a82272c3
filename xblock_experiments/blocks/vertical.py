"""A unit: its children, one below the other."""

from __future__ import annotations

from typing import Any

from web_fragments.fragment import Fragment

from xblock_experiments.blocks.rendering import render
from xblock_experiments.blocks.structure import Structure


class VerticalBlock(Structure):
    """What Open edX calls a unit, and what stands in each arm of an experiment."""

    def content_view(self, context: Any) -> Fragment:
        fragment = Fragment()
        children = [
            self.render_child(child, fragment, context) for child in self.get_child_blocks()
        ]
        fragment.content = render("vertical.html", {"children": children})
        self.add_style(fragment, "icons.css")
        self.add_style(fragment, "vertical.css")
        return fragment
