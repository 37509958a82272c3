"""The shape of the package: imports in one direction, and classes of a readable size."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

import xblock_experiments

pytestmark = pytest.mark.one_django

PACKAGE = Path(xblock_experiments.__file__).parent
LONGEST_CLASS = 200
"""Lines."""


def test_no_modules_import_each_other_in_a_loop() -> None:
    graph = grimp.build_graph("xblock_experiments", exclude_type_checking_imports=False)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}

    # Raises CycleError, which names the modules of a loop.
    TopologicalSorter(imports).prepare()


def test_no_class_is_too_long_to_be_read_in_one_go() -> None:
    lengths = {
        f"{path.relative_to(PACKAGE)}: {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }

    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_CLASS} == {}
