"""The outline of a course or chapter, which lists lessons' titles and assigns nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from web_fragments.fragment import Fragment

from xblock_experiments.blocks.base.language import Name
from xblock_experiments.blocks.base.rendering import render
from xblock_experiments.blocks.base.structure import Structure, page_url


@dataclass(frozen=True)
class Entry:
    """A line of the outline and the lines below it."""

    title: Name
    url: str
    entries: list[Entry]


class OutlineBlock(Structure):
    """A block that links to children that have pages and renders its other children in place."""

    listed_types: frozenset[str]

    def content_view(self, context: Any) -> Fragment:
        fragment = Fragment()
        entries = [(child, self._entry(child)) for child in self.get_child_blocks()]
        fragment.content = render(
            "outline.html",
            {
                "entries": [entry for _, entry in entries if entry],
                "heading": self.heading,
                "children": [
                    self.render_child(child, fragment, context)
                    for child, entry in entries
                    if entry is None
                ],
            },
            self,
        )
        self.add_files(fragment, "outline.css")
        return fragment

    @property
    def heading(self) -> Name | None:
        """The heading above the outline, or None if the page has it already."""
        return self.shown_name

    def get_shown_blocks(self) -> list[Any]:
        """Return the children that are rendered in place, without those that are only linked."""
        return [child for child in self.get_child_blocks() if self._entry(child) is None]

    def _entry(self, child: Any) -> Entry | None:
        """Return the child's line, or None if the child is rendered in place.

        Children of other types and children without a page are rendered in place.
        """
        url = page_url(self, shown=child)
        if url is None or child.scope_ids.block_type not in self.listed_types:
            return None
        below = child.get_child_blocks() if isinstance(child, OutlineBlock) else []
        entries = [child._entry(grandchild) for grandchild in below]
        return Entry(self._name_of(child), url, list(filter(None, entries)))

    def _name_of(self, child: Any) -> Name:
        if isinstance(child, Structure):
            return child.shown_name
        return Name(child.display_name_with_default, self.course_language)
