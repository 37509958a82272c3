"""A list of the lessons below a course or a chapter. Shows titles and assigns nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from web_fragments.fragment import Fragment
from xblock.core import XBlock

from xblock_experiments.blocks.rendering import render
from xblock_experiments.blocks.structure import Structure


@dataclass(frozen=True)
class Entry:
    """A line of the outline, with the lines below it."""

    title: str
    url: str
    entries: list[Entry]


@XBlock.wants("pages")
class OutlineBlock(Structure):
    """Lists those of its children that have pages of their own, and shows the others."""

    listed_types: frozenset[str]

    @XBlock.supports("multi_device")
    def student_view(self, context: Any = None) -> Fragment:
        fragment = Fragment()
        pages = self.runtime.service(self, "pages")
        children = self.get_child_blocks()
        listed = [child for child in children if pages and self._is_listed(child)]
        shown = [child for child in children if child not in listed]
        fragment.content = render(
            "outline.html",
            {
                "entries": [_entry(child, pages) for child in listed],
                "label": self.gettext("Course outline"),
                "title": self.display_name_with_default,
                "children": [self.render_child(child, fragment, context) for child in shown],
            },
        )
        self.add_style(fragment, "outline.css")
        return fragment

    def _is_listed(self, child: Any) -> bool:
        return child.scope_ids.block_type in self.listed_types


def _entry(block: Any, pages: Any) -> Entry:
    below = block.get_child_blocks() if isinstance(block, OutlineBlock) else []
    return Entry(
        title=block.display_name_with_default,
        url=pages.url(block),
        entries=[_entry(child, pages) for child in below if block._is_listed(child)],
    )
