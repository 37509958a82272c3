"""The template tags of blocks, for templates of the workbench."""

from __future__ import annotations

from xblock_experiments.blocks.base.sentences import register as register
