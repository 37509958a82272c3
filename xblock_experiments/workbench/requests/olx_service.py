"""The service `olx`: blocks as OLX, to be read and to be replaced by authors."""

from __future__ import annotations

from typing import Any

from xblock_experiments.workbench.import_export.exporting import export_for_author


class BlockOlx:
    """Of the course of the block that asks."""

    def __init__(self, runtime: Any) -> None:
        self._runtime = runtime

    def text(self, block: Any) -> str:
        """One element with all that is in it. What stands elsewhere too is only named."""
        usage_id = block.scope_ids.usage_id
        return export_for_author(self._runtime.course_of(usage_id), usage_id)

    def replace(self, block: Any, text: str) -> list[str]:
        """Put what the text says in the block's place; what of it cannot be used, a line each.

        The text is one element of the block's type. Blocks in it that keep their url_name stay what
        they are for learners. Raises OlxError.
        """
        # Reading is built on this runtime.
        from xblock_experiments.workbench.import_export.reading import reload

        usage_id = block.scope_ids.usage_id
        return reload(self._runtime.course_to_change(usage_id), usage_id, text)
