"""A chapter: its lessons."""

from __future__ import annotations

from xblock_experiments.blocks.outline import OutlineBlock


class ChapterBlock(OutlineBlock):
    """What Open edX calls a section."""

    listed_types = frozenset({"sequential"})
