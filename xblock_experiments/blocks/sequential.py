"""A lesson, which shows its units behind tabs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_noop
from web_fragments.fragment import Fragment
from xblock.core import XBlock
from xblock.exceptions import JsonHandlerError
from xblock.fields import Integer, Scope

from xblock_experiments.blocks.base import navigation
from xblock_experiments.blocks.base.rendering import render
from xblock_experiments.blocks.base.structure import Structure, ancestors, page_url


@dataclass(frozen=True)
class Tab:
    """One tab, with the icon and title of the content that this learner is given."""

    key: str
    icon: str
    kind: str
    title: str
    content: str
    is_selected: bool


class SequentialBlock(Structure):
    """A lesson, called a subsection in Open edX."""

    default_name = gettext_noop("Lesson")

    position = Integer(
        help="The learner's current tab, counted from 1.", scope=Scope.user_state, default=1
    )

    def content_view(self, context: Any) -> Fragment:
        fragment = Fragment()
        fragment.content = render(
            "sequential.html",
            {
                "path": self._path(),
                "tabs": self._tabs(fragment, context),
                "title": self.display_name_with_default,
            },
            self.i18n,
        )
        self.add_files(fragment, "icons.css", "sequential.css", "sequential.js")
        fragment.initialize_js("XBlockExperimentsSequential")
        return fragment

    @XBlock.json_handler
    def goto_position(self, data: Any, suffix: str = "") -> dict[str, int]:
        """Store the learner's current tab, as Open edX does."""
        position = data.get("position") if isinstance(data, dict) else None
        if not isinstance(position, int) or not 1 <= position <= len(self.children):
            raise JsonHandlerError(400, self.gettext("This position does not exist."))
        self.position = position
        return {"position": position}

    def _tabs(self, fragment: Fragment, context: Any) -> list[Tab]:
        """Render the content first, because that assigns the groups on which icons depend."""
        children = self.get_child_blocks()
        contents = [self.render_child(child, fragment, context) for child in children]
        selected = self.position if 1 <= self.position <= len(children) else 1
        page = hashlib.sha256(str(self.scope_ids.usage_id).encode()).hexdigest()[:8]
        return [
            self._tab(f"{page}-{number}", child, content, number, number == selected)
            for number, (child, content) in enumerate(zip(children, contents, strict=True), 1)
        ]

    def _tab(self, key: str, child: Any, content: str, number: int, is_selected: bool) -> Tab:
        _ = self.gettext
        icon = child.get_icon_class()
        kinds = {"problem": _("Problem"), "video": _("Video")}
        return Tab(
            key=key,
            icon=icon,
            kind=kinds.get(icon, ""),
            title=navigation.title_of(child) or _("Unit {number}").format(number=number),
            content=content,
            is_selected=is_selected,
        )

    def _path(self) -> list[dict[str, str]]:
        """Return the ancestors from the course down, as far as the runtime has pages for them.

        Omits experiments, whose names are not for learners, and blocks of other packages.
        """
        path: list[dict[str, str]] = []
        for block in ancestors(self):
            url = page_url(self, shown=block)
            if url is None:
                break
            if isinstance(block, Structure) and not block.has_dynamic_children():
                path.insert(0, {"title": block.display_name_with_default, "url": url})
        return path
