"""The ids of blocks that are read, even if their element has no usable url_name.

An element is named by its `url_name`, `slug`, `name` or `display_name`, in this order, or else by
its content. The position of an element never counts, so that learners keep their answers, and get
nobody else's, when authors move and add blocks.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Callable
from functools import cached_property
from typing import Any

from lxml import etree

from xblock_experiments.olx.census import Census, title_of
from xblock_experiments.olx.export import Olx
from xblock_experiments.olx.files import label_of
from xblock_experiments.olx.sentences import Sentence


class ContentNames:
    """Names elements without a url_name so that each import names them alike."""

    def __init__(self, olx: Olx, report: Callable[[Sentence], None]) -> None:
        self._olx = olx
        self._report = report
        self._numbers: Counter[bytes] = Counter()
        self._made_up: set[tuple[str, str]] = set()

    def label_of(self, node: Any) -> str:
        """Return the element's tag and its url_name, unless that was made up, for messages."""
        is_made_up = (node.tag, node.get("url_name")) in self._made_up
        return f"<{node.tag}>" if is_made_up else label_of(node)

    def usage_id_of(self, node: Any) -> Any:
        """Return the usage id for an element, or None if its tag cannot be a block type.

        Sets a url_name that the element lacks.
        """
        url_name = node.get("url_name") or self._new_name(node)
        usage_id = self._usage_id(node, url_name)
        if usage_id is not None and not node.get("url_name"):
            node.set("url_name", url_name)
            self._made_up.add((node.tag, url_name))
        return usage_id

    def rename(self, node: Any) -> Any:
        """Give an element another url_name, because its own is taken. Return the usage id."""
        old = node.get("url_name")
        node.set("url_name", self._name_by_content(node, old))
        return self.usage_id_of(node)

    def _new_name(self, node: Any) -> str:
        title = title_of(node)
        if title and self._census.is_only(str(node.tag), title):
            return title
        return self._name_by_content(node, title)

    def _name_by_content(self, node: Any, title: str | None) -> str:
        """Return a name that only equal elements can have, and only one of them has."""
        # Studio and other tools indent elements in their own ways.
        digest = hashlib.sha256(" ".join(text_of(node).split()).encode())
        self._numbers[digest.digest()] += 1
        number = self._numbers[digest.digest()]
        if number > 1:
            digest.update(str(number).encode())
        return "_".join(filter(None, (str(node.tag), title, digest.hexdigest()[:12])))

    @cached_property
    def _census(self) -> Census:
        return Census.of(self._olx)

    def _usage_id(self, node: Any, url_name: str) -> Any:
        try:
            return self._olx.usage_id(node.tag, url_name)
        except ValueError:
            valid_name = hashlib.sha256(url_name.encode()).hexdigest()[:16]
        try:
            usage_id = self._olx.usage_id(node.tag, valid_name)
        except ValueError:
            self._report(Sentence("<{tag}> is not a valid block type; left out", tag=node.tag))
            return None
        reason = Sentence(
            "the url_name of {label} is not valid; {name} is used",
            label=self.label_of(node),
            name=repr(valid_name),
        )
        self._report(reason)
        return usage_id


class RandomNames(ContentNames):
    """Names elements without a url_name at random, in a part of a course.

    A name by content could be that of a block in another part.
    """

    def _new_name(self, node: Any) -> str:
        return secrets.token_hex(16)


def text_of(node: Any) -> str:
    """Return the element as XML. Empty elements have no end tag, so that equal elements give equal
    XML.
    """
    for element in node.iter("*"):
        element.text = element.text or None
    return etree.tostring(node, encoding="unicode", with_tail=False)
