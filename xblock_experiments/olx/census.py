"""The names that elements of a course have, for those that have no url_name."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from lxml import etree

from xblock_experiments.olx.export import Olx
from xblock_experiments.olx.untrusted import OlxError, parse_xml, read_file

_NO_BLOCKS_IN = frozenset({"drafts", "policies", "static"})
_TITLES = ("name", "display_name")
_NOT_IN_NAMES = re.compile(r"[^\w.-]|_+")


class Census:
    """The url_names and titles of all elements. Counts some that are no blocks, which is harmless:
    elements whose title is not unique are named in another way.
    """

    def __init__(self, elements: Iterator[etree._Element]) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        for element in elements:
            name = name_of(element) or title_of(element)
            if name:
                self._counts[str(element.tag), name] += 1

    @classmethod
    def of(cls, olx: Olx) -> Self:
        """Count the elements of the text, or of all files except drafts."""
        return cls(olx.root.iter("*") if olx.folder is None else _elements_in(olx, olx.folder))

    def is_only(self, tag: str, name: str) -> bool:
        """Return whether at most one element of this type has the name."""
        return self._counts[tag, name] <= 1


def name_of(element: etree._Element) -> str | None:
    return element.get("url_name") or element.get("slug")


def title_of(element: etree._Element) -> str | None:
    """Return a name made of the element's title, as on Open edX, or None."""
    titles = filter(None, map(element.get, _TITLES))
    cleaned = (_NOT_IN_NAMES.sub("_", _NOT_IN_NAMES.sub("_", title)) for title in titles)
    return next((name for name in cleaned if name != "_"), None)


def take_slug(element: etree._Element) -> None:
    """Make the element's slug its url_name, if it has none. It may then be a pointer."""
    if not element.get("url_name") and element.get("slug"):
        element.set("url_name", element.attrib.pop("slug"))


def _elements_in(olx: Olx, folder: Path) -> Iterator[etree._Element]:
    """Yield the elements of all files. The url_names of roots are in the pointers to them."""
    for path in _paths_in(folder):
        try:
            root = parse_xml(read_file(folder, path, olx.limits), path, olx.limits)
        except OlxError:
            continue
        yield from (element for element in root.iter("*") if element is not root)


def _paths_in(folder: Path) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        if Path(place) == folder:
            folders[:] = [name for name in folders if name not in _NO_BLOCKS_IN]
        for name in names:
            if name.endswith(".xml"):
                yield (Path(place) / name).relative_to(folder).as_posix()
