"""The tags of blocks' templates, for those of the workbench."""

from __future__ import annotations

from xblock_experiments.blocks.base.sentences import register as register
