"""The base class of course, chapter, sequential, vertical and split_test."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

from web_fragments.fragment import Fragment
from xblock.core import XBlock
from xblock.fields import Scope, String

from xblock_experiments.blocks.base import navigation
from xblock_experiments.blocks.base.fields import JSONDict
from xblock_experiments.blocks.base.language import Language, Name, language_of
from xblock_experiments.blocks.base.markup import authored
from xblock_experiments.blocks.base.olx_attributes import attributes
from xblock_experiments.blocks.base.rendering import render
from xblock_experiments.course_user_segmentation.data import SegmentationError
from xblock_experiments.errors import NotStored
from xblock_experiments.keys.usage import url_name_of
from xblock_experiments.olx.sentences import Sentence
from xblock_experiments.olx.values import text_of

log = logging.getLogger(__name__)


@XBlock.needs("i18n")
@XBlock.wants("pages", "placement", "user_segmentation")
class Structure(XBlock):
    """A block whose purpose is to hold children.

    Preserves attributes of its OLX element that are not fields of the block.
    """

    has_children = True
    public_dir = "static"
    default_name: str
    """The display name if the author gave none. It is translated when it is displayed."""

    display_name = String(scope=Scope.settings, default="")
    xml_attributes = JSONDict(scope=Scope.settings, default={})

    @XBlock.supports("multi_device")
    def student_view(self, context: Any = None) -> Fragment:
        """Render the block. Stores the assignments and exposures of all blocks in it in batches."""
        try:
            with self.visited():
                return self.content_view(context)
        except NotStored:
            return self.try_again_view()

    def author_view(self, context: Any = None) -> Fragment:
        """Render the block for authors. Assigns nobody and records no exposure."""
        context = context or {}
        return self.content_view({"root_xblock": self, **context})

    def content_view(self, context: Any) -> Fragment:
        """Render the block's children."""
        raise NotImplementedError

    def get_child_blocks(self) -> list[Any]:
        """Return the children that this learner is given. Assigns nobody.

        Leaves out those that are also in an arm and therefore withheld here, as far as the runtime
        has the service `placement`.
        """
        children: list[Any] = self.get_children()
        placement = self.runtime.service(self, "placement")
        return [each for each in children if placement is None or placement.is_given(each)]

    def has_dynamic_children(self) -> bool:
        """Return whether different learners may be given different children."""
        return False

    def unsettled_experiments(self) -> set[int]:
        """Return the ids of the experiments in which showing this block would assign the learner.

        Experiments inside an arm are found only after the learner is assigned to the arm's group.
        """
        inner = (child for child in self.get_shown_blocks() if isinstance(child, Structure))
        return {id for child in inner for id in child.unsettled_experiments()}

    def get_shown_blocks(self) -> list[Any]:
        """Return the children whose content is part of this block's content."""
        return self.get_child_blocks()

    def get_icon_class(self) -> str:
        return navigation.icon_of(self.get_child_blocks())

    @property
    def tooltip_title(self) -> str:
        """The block's own name, or else the first title among the children given to the learner."""
        titles = (navigation.title_of(child) for child in self.get_child_blocks())
        return self.display_name or next(filter(None, titles), "")

    def get_content_titles(self) -> list[str]:
        """Return the titles of the leaf blocks that this learner is given."""
        children = self.get_child_blocks()
        return [title for child in children for title in navigation.content_titles_of(child)]

    @property
    def display_name_with_default(self) -> str:
        name: str = self.display_name
        return name or self.gettext(self.default_name)

    @property
    def shown_name(self) -> Name:
        """The block's own name in the course's language, or the default name in the page's."""
        language = self.course_language if self.display_name else None
        return Name(self.display_name_with_default, language)

    @property
    def course_language(self) -> Language:
        """The language of everything that authors write."""
        *_, course = self, *ancestors(self)
        return language_of(course)

    @property
    def i18n(self) -> Any:
        return self.runtime.service(self, "i18n")

    @property
    def gettext(self) -> Callable[[str], str]:
        translate: Callable[[str], str] = self.i18n.gettext
        return translate

    def sentence_view(self, sentence: str) -> Fragment:
        """Render a single sentence in place of the block."""
        fragment = Fragment(render("sentence.html", {"sentence": sentence}, self))
        self.add_files(fragment, "vertical.css")
        return fragment

    def try_again_view(self) -> Fragment:
        """Render the message that learners see while the database cannot store their visit."""
        _ = self.gettext
        return self.sentence_view(
            _("This content cannot be shown right now. Please try again in a moment.")
        )

    @contextmanager
    def visited(self) -> Iterator[None]:
        """Settle the experiments inside this block, and record exposures together at the end.

        Raises NotStored.
        """
        service = self.runtime.service(self, "user_segmentation")
        with service.together() if service else nullcontext():
            if service:
                _settle_experiments(self, service)
            yield

    def render_child(self, child: Any, fragment: Fragment, context: Any) -> str:
        """Return the child's view as HTML, and add the child's resources to the fragment.

        The child's context has `is_part`, because the page is another block's.
        """
        is_authors = getattr(self.runtime, "is_author_mode", False)
        view = "author_view" if is_authors and hasattr(child, "author_view") else "student_view"
        rendered = child.render(view, {**(context or {}), "is_part": True})
        fragment.add_fragment_resources(rendered)
        html = str(rendered.content)
        # This package's blocks have done both for the HTML of their children.
        return html if isinstance(child, Structure) else authored(html, self.course_language)

    def add_files(self, fragment: Fragment, *names: str) -> None:
        """Add scripts and style sheets in the given order, after the theme."""
        for name in ("theme.css", *names):
            url = self.runtime.local_resource_url(self, f"static/{name}")
            if name.endswith(".css"):
                fragment.add_css_url(url)
            else:
                fragment.add_javascript_url(url)

    def add_xml_to_node(self, node: Any) -> None:
        node.tag = self.scope_ids.block_type
        if url_name := url_name_of(self.scope_ids.usage_id):
            node.set("url_name", url_name)
        names = [name for name, field in self.fields.items() if field.is_set_on(self)]
        node.attrib.update(self.attributes_of({name: getattr(self, name) for name in names}))
        self.add_children_to_node(node)

    @classmethod
    def attributes_of(cls, values: Mapping[str, Any]) -> dict[str, str]:
        """Return the attributes of the block's OLX element for these field values."""
        fields = [field for name, field in cls.fields.items() if cls._is_authored(name)]
        return attributes(fields, values)

    @classmethod
    def _set_field_if_present(cls, block: Any, name: str, value: str | None, attrs: Any) -> None:
        """Set a field from an attribute, or preserve the attribute if it is not a usable field.

        XBlock's parser calls this for each attribute. Skips values of None, which would make the
        import fail. A field whose attribute is JSON's null has its default.
        """
        if name == "url_name" or value is None or attrs.get("none") == "true":
            return
        if cls._is_authored(name):
            text = text_of(value)
            try:
                if text is not None:
                    super()._set_field_if_present(block, name, text, {})
            except (TypeError, ValueError) as error:
                report = getattr(block.runtime, "error_tracker", log.warning)
                report(_unusable(block, name, error))
            else:
                return
        block.xml_attributes[name] = value

    @classmethod
    def _is_authored(cls, name: str) -> bool:
        """Return whether authors set this field in OLX.

        Excludes learners' fields, `xml_attributes`, and the fields that XBlock defines: those of
        the tree, which follows from the nesting of elements, and `name`, which hosts do not escape.
        """
        field = cls.fields.get(name)
        is_own = name not in XBlock.fields and name != "xml_attributes"
        return is_own and field is not None and field.scope in (Scope.content, Scope.settings)


def _settle_experiments(block: Structure, service: Any) -> None:
    """Settle the experiments inside the block, then those inside their arms, and so on.

    Suppresses SegmentationError, because each experiment that cannot be assigned shows its own
    message.
    """
    tried: set[int] = set()
    with suppress(SegmentationError):
        while found := block.unsettled_experiments() - tried:
            service.assign_all(found)
            tried |= found


def _unusable(block: Any, name: str, error: Exception) -> Sentence:
    return Sentence(
        "the {name} of {label} cannot be used: {error}",
        name=name,
        label=f"<{block.scope_ids.block_type}>",
        error=error,
    )


def ancestors(block: Any) -> Iterator[Any]:
    """Yield the block's ancestors, from its parent up."""
    parent = block.get_parent()
    while parent is not None:
        yield parent
        parent = parent.get_parent()


def page_url(block: Any, view: str | None = None, *, shown: Any = None) -> str | None:
    """Return the address of the block's page, or of the page of another block, `shown`.

    Returns None if the runtime has no pages, or none for this block.
    """
    pages = block.runtime.service(block, "pages")
    url: str | None = pages.url(shown or block, view) if pages else None
    return url
