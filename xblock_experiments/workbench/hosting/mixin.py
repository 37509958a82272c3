"""Attributes that the workbench adds to the blocks of all packages, as Open edX does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xblock.core import XBlockMixin

from xblock_experiments.blocks.base.navigation import title_of
from xblock_experiments.keys.usage import url_name_of
from xblock_experiments.workbench.hosting.inherited import value_of


class Given:
    """An attribute whose value follows from the block. Unlike a property, a block can replace it.

    Some blocks set such attributes themselves, and the SDK sets mocks in its own scenarios.
    """

    def __init__(self, find: Callable[[Any], Any]) -> None:
        self._find = find

    def __get__(self, block: Any, owner: Any = None) -> Any:
        return self if block is None else self._find(block)


def _words(url_name: str | None) -> str:
    return (url_name or "").replace("_", " ")


def inherited(name: str) -> Given:
    """Return the attribute for a setting: the block's own, or else the nearest ancestor's."""
    return Given(lambda block: value_of(name, block.runtime.inherited(block, name)))


class WorkbenchMixin(XBlockMixin):
    """Attributes that every block has on Open edX, and on which some packages rely."""

    category = Given(lambda block: block.scope_ids.block_type)
    course_id = Given(lambda block: block.scope_ids.usage_id.context_key)
    location = Given(lambda block: block.scope_ids.usage_id)
    display_name_with_default = Given(lambda block: title_of(block) or _words(block.url_name))
    # drag-and-drop-v2 uses it to make the ids of its elements unique.
    url_name = Given(lambda block: url_name_of(block.scope_ids.usage_id))

    days_early_for_beta = inherited("days_early_for_beta")
    due = inherited("due")
    graceperiod = inherited("graceperiod")
    graded = inherited("graded")
    max_attempts = inherited("max_attempts")
    rerandomize = inherited("rerandomize")
    self_paced = inherited("self_paced")
    show_correctness = inherited("show_correctness")
    show_reset_button = inherited("show_reset_button")
    showanswer = inherited("showanswer")
    start = inherited("start")
    static_asset_path = inherited("static_asset_path")

    def __repr__(self) -> str:
        """Return the type and the usage id.

        XBlock's own version shows all fields, even answers, and the SDK prints it into pages.
        """
        return f"<{self.scope_ids.block_type} {self.scope_ids.usage_id}>"
