"""The outline of a course or chapter, which lists lessons' titles and assigns nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_noop
from web_fragments.fragment import Fragment

from xblock_experiments.blocks.base import navigation
from xblock_experiments.blocks.base.language import Name
from xblock_experiments.blocks.base.rendering import render
from xblock_experiments.blocks.base.structure import Structure, page_url

_LESSON = gettext_noop("Lesson")


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

        Children of other types and children without a page are rendered in place. An experiment has
        a line if its arms would have one. The line leads to its page, which assigns the learner.
        """
        url = page_url(self, shown=child)
        if url is None or not self._is_listed(child):
            return None
        if child.has_dynamic_children():
            return Entry(self._title_of_arm(child), url, self._entries_of_arm(child))
        below = child.entries() if isinstance(child, OutlineBlock) else []
        return Entry(self._name_of(child), url, below)

    def _name_of(self, child: Any) -> Name:
        if isinstance(child, Structure):
            return child.shown_name
        return Name(child.display_name_with_default, self.course_language)

    def entries(self) -> list[Entry]:
        """Return the lines of the children that have one."""
        return list(filter(None, map(self._entry, self.get_child_blocks())))

    def _is_listed(self, child: Any) -> bool:
        if child.scope_ids.block_type in self.listed_types:
            return True
        is_experiment = isinstance(child, Structure) and child.has_dynamic_children()
        return is_experiment and any(map(self._is_listed, child.get_children()))

    def _title_of_arm(self, experiment: Any) -> Name:
        """Return the title of the learner's arm, or the type of the arms before assignment."""
        if title := navigation.title_of(experiment):
            return Name(title, self.course_language)
        types = {each.scope_ids.block_type: each for each in experiment.get_children()}
        listed = (types[name].default_name for name in sorted(self.listed_types & types.keys()))
        return Name(self.gettext(next(listed, _LESSON)), None)

    def _entries_of_arm(self, experiment: Any) -> list[Entry]:
        """Return the lines below those of the given arm, which has the experiment's own line."""
        entries = map(self._entry, experiment.get_child_blocks())
        return [below for entry in filter(None, entries) for below in entry.entries]
