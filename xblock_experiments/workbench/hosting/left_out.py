"""The block types and scenarios of installed packages that cannot be used in this process."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from importlib.metadata import entry_points

from xblock.core import XBlock

from xblock_experiments.blocks.base.guard import Failed

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A block type, or a scenario of one, that cannot be used."""

    name: str
    package: str
    """The name of the package that has the block type, or "" if it is unknown."""

    @classmethod
    def of(cls, name: str, block_type: str) -> LeftOut:
        found = entry_points(group=XBlock.entry_point, name=block_type)
        packages = sorted({each.dist.name for each in found if each.dist})
        return cls(name, ", ".join(packages))


_types: dict[str, LeftOut] = {}
_scenarios: dict[str, LeftOut] = {}


def leave_out_type(block_type: str, failed: Failed) -> None:
    """Log why the type cannot be used, and remember it. Do not load it again in this process."""
    _types[block_type] = LeftOut.of(block_type, block_type)
    log.error("The block type %s cannot be used.", block_type, exc_info=failed.error)


def leave_out_scenario(name: str, block_type: str, failed: Failed) -> None:
    """Log why the scenario cannot be used, and remember it."""
    _scenarios[name] = LeftOut.of(name, block_type)
    log.error("The scenario %s cannot be used.", name, exc_info=failed.error)


def is_left_out(block_type: str) -> bool:
    return block_type in _types


def left_out() -> list[LeftOut]:
    """Return everything that cannot be used: first block types, then scenarios, by name."""
    return [each for found in (_types, _scenarios) for _, each in sorted(found.items())]


def forget_scenarios() -> None:
    """Forget the scenarios that were left out, because all of them are loaded again."""
    _scenarios.clear()


def forget() -> None:
    """Forget everything that was left out, as in a new process."""
    _types.clear()
    _scenarios.clear()
