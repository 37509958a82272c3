"""The chapter block, which lists its lessons."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from xblock_experiments.blocks.base.outline import OutlineBlock


class ChapterBlock(OutlineBlock):
    """A chapter, called a section in Open edX."""

    default_name = gettext_noop("Chapter")
    listed_types = frozenset({"sequential"})
