"""A lesson, which shows its units behind tabs."""

from __future__ import annotations

import hashlib
from collections.abc import Container
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext_noop
from web_fragments.fragment import Fragment
from xblock.core import XBlock
from xblock.exceptions import JsonHandlerError
from xblock.fields import Integer, Scope

from xblock_experiments.blocks.base import navigation
from xblock_experiments.blocks.base.language import Name
from xblock_experiments.blocks.base.rendering import render
from xblock_experiments.blocks.base.structure import Structure, ancestors, page_url


@dataclass(frozen=True)
class Tab:
    """One tab, with the icon and title of the content that this learner is given."""

    key: str
    usage_id: str
    icon: str
    kind: str
    title: Name
    url: str
    """The address of the lesson with this tab open, for browsers without JavaScript."""
    content: str | None
    """The panel's content, or None if the panel comes when it is opened."""
    is_selected: bool


class SequentialBlock(Structure):
    """A lesson, called a subsection in Open edX.

    Learners' pages hold the open panel only. The others come by the handler `open_panel`.
    """

    default_name = gettext_noop("Lesson")

    position = Integer(
        help="The learner's current tab, counted from 1.", scope=Scope.user_state, default=1
    )

    def author_view(self, context: Any = None) -> Fragment:
        """Render the block for authors, with all its panels. Their pages show its ancestors."""
        context = {"root_xblock": self, "is_part": True, **(context or {})}
        return self._view(context, shown=range(1, len(self.children) + 1))

    def content_view(self, context: Any) -> Fragment:
        """Render all tabs and the panel of the unit that the context asks for, or the last one."""
        wanted = context.get("activate_block_id") if isinstance(context, dict) else None
        self._move_to(self._number_of(wanted) or self.position)
        return self._view(context, shown={self._selected})

    @XBlock.json_handler
    def goto_position(self, data: Any, suffix: str = "") -> dict[str, int]:
        """Store the learner's current tab, as Open edX does."""
        position = data.get("position") if isinstance(data, dict) else None
        if not isinstance(position, int) or not self._has(position):
            raise JsonHandlerError(400, self.gettext("This position does not exist."))
        self._move_to(position)
        return {"position": position}

    @XBlock.json_handler
    def open_panel(self, data: Any, suffix: str = "") -> dict[str, Any]:
        """Show a unit: `{"unit": usage id}`. Return its HTML and resources, and store the tab.

        Raises NotStored if the learner's visit cannot be stored.
        """
        unit = data.get("unit") if isinstance(data, dict) else None
        for number, child in enumerate(self.get_child_blocks(), 1):
            if str(child.scope_ids.usage_id) == unit:
                fragment = Fragment()
                with child.visited() if isinstance(child, Structure) else nullcontext():
                    fragment.content = self.render_child(child, fragment, {})
                self._move_to(number)
                # Another package's block may give anything that a page can hold as text.
                resources = [
                    {**resource._asdict(), "data": str(resource.data)}
                    for resource in fragment.resources
                ]
                return {"html": fragment.content, "resources": resources}
        raise JsonHandlerError(404, self.gettext("This unit is no longer in the lesson."))

    @property
    def _selected(self) -> int:
        return self.position if self._has(self.position) else 1

    def _has(self, position: int) -> bool:
        """Return whether the learner is given a unit at the position, counted from 1."""
        return 1 <= position <= len(self.get_child_blocks())

    def _number_of(self, usage_id: Any) -> int | None:
        """Return the position of the unit that is this block or holds it, or None."""
        if not isinstance(usage_id, str):
            return None
        units = enumerate(self.get_child_blocks(), 1)
        return next((number for number, unit in units if navigation.holds(unit, usage_id)), None)

    def _move_to(self, position: int) -> None:
        """Store the learner's current tab. Writes nothing if it is stored already."""
        if self.position != position:
            self.position = position

    def _view(self, context: Any, *, shown: Container[int]) -> Fragment:
        fragment = Fragment()
        is_part = isinstance(context, dict) and "is_part" in context
        fragment.content = render(
            "sequential.html",
            {
                "path": [] if is_part else self._path(),
                "tabs": self._tabs(fragment, context, shown),
                "title": self.shown_name,
            },
            self,
        )
        scripts = ("resources.js", "panels.js", "headings.js", "sequential.js")
        self.add_files(fragment, "icons.css", "sequential.css", *scripts)
        fragment.initialize_js("XBlockExperimentsSequential")
        return fragment

    def _tabs(self, fragment: Fragment, context: Any, shown: Container[int]) -> list[Tab]:
        """Render the content first, because that assigns the groups on which icons depend."""
        selected = self._selected
        children = list(enumerate(self.get_child_blocks(), 1))
        contents = {
            number: self.render_child(child, fragment, context)
            for number, child in children
            if number in shown
        }
        return [
            self._tab(number, child, contents.get(number), is_selected=number == selected)
            for number, child in children
        ]

    def _tab(self, number: int, child: Any, content: str | None, *, is_selected: bool) -> Tab:
        _ = self.gettext
        icon = navigation.icon_of([child])
        kinds = {"problem": _("Problem"), "video": _("Video")}
        page = hashlib.sha256(str(self.scope_ids.usage_id).encode()).hexdigest()[:8]
        usage_id = str(child.scope_ids.usage_id)
        return Tab(
            key=f"{page}-{number}",
            usage_id=usage_id,
            icon=icon,
            kind=kinds.get(icon, ""),
            title=self._title_of(child, number),
            url=self._url_of(usage_id),
            content=content,
            is_selected=is_selected,
        )

    def _title_of(self, child: Any, number: int) -> Name:
        if title := navigation.title_of(child):
            return Name(title, self.course_language)
        return Name(self.gettext("Unit {number}").format(number=number), None)

    def _url_of(self, usage_id: str) -> str:
        page = page_url(self) or ""
        return f"{page}{'&' if '?' in page else '?'}activate_block_id={quote(usage_id, safe='')}"

    def _path(self) -> list[dict[str, Any]]:
        """Return the ancestors from the course down, as far as the runtime has pages for them.

        Omits experiments, whose names are not for learners, and blocks of other packages.
        """
        path: list[dict[str, Any]] = []
        for block in ancestors(self):
            url = page_url(self, shown=block)
            if url is None:
                break
            if isinstance(block, Structure) and not block.has_dynamic_children():
                path.insert(0, {"title": block.shown_name, "url": url})
        return path
