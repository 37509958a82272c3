"""The blocks of a course by their addresses, and the parents of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from xblock_experiments.keys.usage import url_name_of


class Block(Protocol):
    """A block of a course, as far as it is indexed."""

    type: str

    @property
    def children(self) -> list[Any]:
        """The usage ids of its children, in order."""


class Index:
    """Finds the blocks of a course as it is now. Later changes are not seen."""

    def __init__(self, blocks: Mapping[Any, Block]) -> None:
        self._by_url_name: dict[str | None, Any] = {}
        self._by_address: dict[str, Any] = {}
        self._parents: dict[Any, list[Any]] = {}
        for usage_id, block in blocks.items():
            url_name = url_name_of(usage_id)
            self._by_url_name.setdefault(url_name, usage_id)
            self._by_address.setdefault(f"{block.type}.{url_name}", usage_id)
            for child_id in block.children:
                self._parents.setdefault(child_id, []).append(usage_id)

    def find(self, address: str) -> Any:
        """Return the first block with that url_name, or with `<type>.<url_name>`, or None."""
        return self._by_url_name.get(address) or self._by_address.get(address)

    def parents_of(self, usage_id: Any) -> list[Any]:
        """Return the blocks in which the block stands, in the order of the course."""
        return self._parents.get(usage_id, [])

    def above(self, usage_id: Any) -> Iterator[Any]:
        """Yield the block and all its ancestors, by each of its parents, each once."""
        found, waiting = {usage_id}, [usage_id]
        while waiting:
            child_id = waiting.pop()
            yield child_id
            new = [each for each in self.parents_of(child_id) if each not in found]
            found.update(new)
            waiting += new
