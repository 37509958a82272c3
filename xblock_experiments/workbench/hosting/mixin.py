"""Attributes that the workbench adds to the blocks of all packages."""

from __future__ import annotations

from xblock.core import XBlockMixin

from xblock_experiments.keys.usage import url_name_of
from xblock_experiments.workbench.hosting.inherited import value_of


class WorkbenchMixin(XBlockMixin):
    """Attributes that Open edX adds to all blocks, and that some of its blocks need here too."""

    @property
    def graded(self) -> bool:
        """Return whether the block's score counts, by its own setting or an inherited one."""
        return bool(value_of("graded", self.runtime.inherited(self, "graded")))

    @property
    def url_name(self) -> str | None:
        """The block's url_name. drag-and-drop-v2 uses it to make the ids of its elements unique."""
        return url_name_of(self.scope_ids.usage_id)

    @property
    def static_asset_path(self) -> str:
        """The path of the course's files on another server, or "" if they are here."""
        text = self.runtime.inherited(self, "static_asset_path")
        return str(value_of("static_asset_path", text) or "")

    def __repr__(self) -> str:
        """Return the type and the usage id.

        XBlock's own version shows all fields, even answers, and the SDK prints it into pages.
        """
        return f"<{self.scope_ids.block_type} {self.scope_ids.usage_id}>"
