"""The ids of blocks that are read, even if their element has no usable url_name."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import Any

from xblock_experiments.keys.usage import generated_name
from xblock_experiments.olx.export import Olx


class CountedNames:
    """Names blocks without a url_name by their position, so that each import names them alike."""

    def __init__(self, olx: Olx, report: Callable[[str], None]) -> None:
        self._olx = olx
        self._report = report
        self._numbers: dict[tuple[Any, str], int] = {}

    def usage_id_of(self, node: Any, parent_id: Any) -> Any:
        """Return the usage id for an element, or None if its tag cannot be a block type."""
        url_name = node.get("url_name") or self._generated_name(node, parent_id)
        try:
            return self._olx.usage_id(node.tag, url_name)
        except ValueError:
            valid_name = hashlib.sha256(url_name.encode()).hexdigest()[:16]
        try:
            usage_id = self._olx.usage_id(node.tag, valid_name)
        except ValueError:
            self._report(f"<{node.tag}> is not a valid block type; left out")
            return None
        self._report(f"the url_name of {label_of(node)} is not valid; {valid_name!r} is used")
        return usage_id

    def _generated_name(self, node: Any, parent_id: Any) -> str:
        number = self._numbers.get((parent_id, node.tag), 0)
        self._numbers[parent_id, node.tag] = number + 1
        return generated_name(parent_id, node.tag, number)


class RandomNames(CountedNames):
    """Names blocks without a url_name at random: a counted name could be an earlier block's."""

    def _generated_name(self, node: Any, parent_id: Any) -> str:
        return secrets.token_hex(16)


def label_of(node: Any) -> str:
    """Return the element's tag and url_name, for messages."""
    url_name = node.get("url_name")
    return f"<{node.tag}> {url_name!r}" if url_name else f"<{node.tag}>"
