"""Modules that are imported again within one test."""

from __future__ import annotations

import sys
from importlib import import_module

import pytest


def unload(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next import of `name` load it anew, and bring back today's module after the test.

    The package's attribute is restored too: otherwise it would go on naming the module that the
    test has loaded, while `sys.modules` names the one of before.
    """
    module = import_module(name)
    package, _, attribute = name.rpartition(".")
    monkeypatch.setattr(sys.modules[package], attribute, module)
    monkeypatch.delitem(sys.modules, name)
