"""The frame around a block on a page of a course. For staff, it has links and previews."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language, get_language_bidi

from xblock_experiments.blocks.base.language import Language, Name, language_of
from xblock_experiments.blocks.base.markup import authored
from xblock_experiments.blocks.base.structure import Structure, ancestors
from xblock_experiments.course_user_segmentation.api import get_segmentations
from xblock_experiments.services.preview import AsGroup, AsLearner
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.hosting.i18n import translations_of
from xblock_experiments.workbench.pages.languages import languages
from xblock_experiments.workbench.requests.known import is_known
from xblock_experiments.workbench.requests.runtime import AUTHORS_VIEWS
from xblock_experiments.workbench.requests.visitor import Visitor


def page_context() -> dict[str, Any]:
    """Return the template context that every page of ours needs, in the current language."""
    return {
        "direction": "rtl" if get_language_bidi() else "ltr",
        "i18n": translations_of(),
        "language": get_language() or "en",
        "languages": languages(),
    }


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame of one page for one visitor."""

    course: CourseBlocks
    visitor: Visitor
    block: Any
    view_name: str

    def context(self, request: HttpRequest, fragment: Any) -> dict[str, Any]:
        return {
            **page_context(),
            "block": self.block,
            "body": self._body(fragment),
            "course": self.course,
            "course_language": self._language,
            "experiments": self._experiments() if self.visitor.is_staff else [],
            "foot_html": fragment.foot_html(),
            "handlers": self._handlers(),
            "head_html": fragment.head_html(),
            "links": self._links() if self.visitor.is_staff else [],
            "next": request.get_full_path(),
            "path": self._path() if self.view_name in AUTHORS_VIEWS else [],
            "is_preview_of_learner": isinstance(self.visitor.preview, AsLearner),
            "is_preview_of_nobody": self._is_preview_of_nobody(),
            "preview_of_group": self._group_in_preview(),
            # The SDK's own pages use this name for the user.
            "student_id": self.visitor.user_id,
            "title": self._title(),
            "visitor": self.visitor,
        }

    def _handlers(self) -> str:
        """Return the address of handlers, without the part that names a block and a handler.

        In a preview it names the preview, because the session may end before the page is left.
        """
        preview = self.visitor.preview
        if preview is None:
            return f"{reverse('workbench_index')}handler/"
        return reverse("preview_handler", args=(preview, "block", "name")).removesuffix(
            "block/name"
        )

    @property
    def _language(self) -> Language:
        return language_of(self.course)

    def _title(self) -> str:
        """Return the title of the page. Learners are not shown the names of experiments."""
        names = [self.course.title]
        if self.visitor.is_staff and not self.visitor.preview and not self._is_root:
            names.insert(0, getattr(self.block, "display_name_with_default", ""))
        return " | ".join(filter(None, names))

    def _body(self, fragment: Any) -> str:
        """Return the block's HTML, of which nothing reaches the frame. Our blocks see to it."""
        html = fragment.body_html()
        return str(html) if isinstance(self.block, Structure) else authored(html, self._language)

    @property
    def _is_root(self) -> bool:
        return bool(self.block.scope_ids.usage_id == self.course.usage_id)

    def _path(self) -> list[dict[str, Any]]:
        """Return the block's ancestors, from the course down, with links to their author views."""
        path: list[dict[str, Any]] = []
        for parent in ancestors(self.block):
            url = self.block.runtime.pages.url(parent, "author_view")
            path.insert(0, {"title": self._name_of(parent), "url": url})
        return path

    def _name_of(self, block: Any) -> Name:
        if isinstance(block, Structure):
            return block.shown_name
        return Name(getattr(block, "display_name", None) or "", self._language)

    def _links(self) -> list[dict[str, Any]]:
        """Return links to the block's views and to the course's group configurations."""
        _ = translations_of().gettext
        views = {
            "student_view": _("Course"),
            "author_view": _("Author view"),
            "studio_view": _("Group configurations") if self._is_root else _("Edit"),
        }
        links = [
            self._link(self.block.scope_ids.usage_id, view, label)
            for view, label in views.items()
            if hasattr(self.block, view)
        ]
        if not self._is_root:
            root, label = self.course.usage_id, _("Group configurations")
            links.append(self._link(root, "studio_view", label))
        return links

    def _link(self, usage_id: Any, view: str, label: str) -> dict[str, Any]:
        here = self.block.scope_ids.usage_id
        shown = self.block if usage_id == here else self.block.runtime.get_block(usage_id)
        return {
            "url": self.block.runtime.pages.url(shown, view),
            "label": label,
            "is_here": view == self.view_name and usage_id == here,
        }

    def _experiments(self) -> list[dict[str, Any]]:
        """Return the segmentations and groups that staff can choose for a preview."""
        return [
            {
                "name": segmentation.name,
                "groups": [
                    {
                        "value": str(AsGroup(segmentation.type, segmentation.id, group.id)),
                        "name": group.name,
                    }
                    for group in segmentation.groups
                ],
            }
            for segmentation in get_segmentations(self.course.course_id)
            if segmentation.active and segmentation.groups
        ]

    def _is_preview_of_nobody(self) -> bool:
        """Return whether staff preview as a learner who has never been here."""
        preview = self.visitor.preview
        return isinstance(preview, AsLearner) and not is_known(preview.user_id)

    def _group_in_preview(self) -> dict[str, str] | None:
        """Return the names of the previewed group and its segmentation, or None.

        Returns None also if the group was removed.
        """
        preview = self.visitor.preview
        if not isinstance(preview, AsGroup):
            return None
        for segmentation in get_segmentations(self.course.course_id, type=preview.type):
            for group in segmentation.groups if segmentation.id == preview.id else ():
                if group.id == preview.group_id:
                    return {"group": group.name, "segmentation": segmentation.name}
        return None
