"""What every block has in this workbench, of whatever package it is."""

from __future__ import annotations

from xblock.core import XBlockMixin

from xblock_experiments.keys.usage import url_name_of
from xblock_experiments.workbench.hosting.inherited import value_of


class WorkbenchMixin(XBlockMixin):
    """Attributes that Open edX gives all its blocks, and ProblemBlock and VideoBlock ask for."""

    @property
    def graded(self) -> bool:
        """Whether its score counts, by what its author says of it or of what it stands in."""
        return bool(value_of("graded", self.runtime.inherited(self, "graded")))

    @property
    def url_name(self) -> str | None:
        """By which drag-and-drop-v2 tells its elements from those of another one."""
        return url_name_of(self.scope_ids.usage_id)

    @property
    def static_asset_path(self) -> str:
        """Where on another server the files of the course are; "" for here."""
        return str(self.runtime.inherited(self, "static_asset_path") or "")

    def __repr__(self) -> str:
        """XBlock's shows all fields, answers too, and the SDK prints it into learners' pages."""
        return f"<{self.scope_ids.block_type} {self.scope_ids.usage_id}>"
