"""A chapter: its lessons."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from xblock_experiments.blocks.base.outline import OutlineBlock


class ChapterBlock(OutlineBlock):
    """What Open edX calls a section."""

    default_name = gettext_noop("Chapter")
    listed_types = frozenset({"sequential"})
