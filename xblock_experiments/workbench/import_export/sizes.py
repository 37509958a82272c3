"""The sizes of blocks while a course is read, compared with the limits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from xblock_experiments.olx.sentences import Sentence
from xblock_experiments.olx.untrusted import CourseTooLarge, Limits


class Sizes:
    """The number of blocks in each block, including itself. A block in several places counts
    several times.
    """

    def __init__(self, limits: Limits, usage_ids: Iterable[Any]) -> None:
        self._limits = limits
        self._sizes: dict[Any, int] = dict.fromkeys(usage_ids, 1)

    def add(self, usage_id: Any) -> None:
        """Count a new block. Raises CourseTooLarge."""
        self._sizes[usage_id] = 1
        self._check(len(self._sizes))

    def put(self, usage_id: Any, parent_id: Any) -> None:
        """Count a block with all blocks in it as a part of its parent. Raises CourseTooLarge."""
        self._sizes[parent_id] += self._sizes[usage_id]
        self._check(self._sizes[parent_id])

    def check_depth(self, depth: int, file: str) -> None:
        """Raise CourseTooLarge if blocks are nested too deeply in the file."""
        limit = self._limits.depth
        if depth > limit:
            reason = Sentence("blocks are nested more than {limit} deep.", limit=limit)
            raise CourseTooLarge(reason, file)

    def _check(self, size: int) -> None:
        limit = self._limits.blocks
        if size > limit:
            raise CourseTooLarge(Sentence("The course has more than {limit} blocks.", limit=limit))
