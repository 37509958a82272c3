"""Packages of blocks that are made for one test, and found as if pip had installed them."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from xblock.plugin import PLUGIN_CACHE

from workbench import scenarios
from xblock_experiments.workbench.hosting import left_out

Install = Callable[..., None]

MODULE = "package_of_a_test"
PACKAGE = "package-of-a-test"


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Install]:
    """Return a function that installs a module whose classes are block types, or asides."""
    folder = tmp_path / "site-packages"
    info = folder / f"{MODULE}-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 1\n")
    monkeypatch.syspath_prepend(str(folder))

    def install(code: str, *, group: str = "xblock.v1", **types: str) -> None:
        (folder / f"{MODULE}.py").write_text(textwrap.dedent(code))
        lines = [f"{name} = {path}" for name, path in types.items()]
        (info / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines]))
        _forget()

    yield install
    _forget()


def _forget() -> None:
    """Let the next page load the module and all scenarios again."""
    for key, cls in list(PLUGIN_CACHE.items()):
        # None is in the cache for a type that an earlier test did not find.
        if cls is None or cls.__module__ == MODULE:
            del PLUGIN_CACHE[key]
    left_out.forget()
    sys.modules.pop(MODULE, None)
    scenarios.SCENARIOS.clear()
    vars(scenarios.get_scenarios)["initialized"] = False
