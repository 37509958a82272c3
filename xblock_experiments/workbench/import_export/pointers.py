"""The blocks that pointers mean, because several elements may point to one block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xblock_experiments.olx.export import Olx


class Pointers:
    """Finds the blocks of pointers that were read before.

    A file has one block. A url_name without a file means the block that has this url_name.
    """

    def __init__(self, olx: Olx, blocks: Mapping[Any, Any]) -> None:
        self._olx = olx
        self._blocks = blocks
        self._by_file: dict[str, Any] = {}

    def known(self, node: Any) -> Any:
        """Return the usage id of the pointer's block if it was or is being read, or None."""
        if not self._olx.is_pointer(node):
            return None
        file = self._olx.file_behind(node)
        usage_id = self._named(node) if file is None else self._by_file.get(file)
        return usage_id if usage_id in self._blocks else None

    def begin(self, node: Any) -> str | None:
        """Return the pointer's file, if it has one, before its block is read.

        Until `end`, the file means the block with the pointer's url_name, so that loops are found.
        """
        file = self._olx.file_behind(node)
        if file is not None:
            self._by_file[file] = self._named(node)
        return file

    def end(self, file: str | None, usage_id: Any) -> None:
        """Store the block that was read from the file. It may have got another url_name."""
        if file is not None:
            self._by_file[file] = usage_id

    def _named(self, node: Any) -> Any:
        try:
            return self._olx.usage_id(node.tag, node.get("url_name", ""))
        except ValueError:
            return None
