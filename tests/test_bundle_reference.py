"""The reference of the bundle, compared with its tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from xblock_experiments.research.columns import Table
from xblock_experiments.research.tables import TABLES

pytestmark = pytest.mark.one_django

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "bundle.rst"


def section_of(table: Table) -> str:
    """Return the text below the heading of the table."""
    rest = PAGE.read_text().partition(f"\n``{table.name}``\n===")[2]
    return re.split(r"^=+$", rest.partition("\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def test_each_table_is_described_in_order() -> None:
    found = re.findall(r"^``(\w+)``\n=+$", PAGE.read_text(), re.MULTILINE)

    assert found == [table.name for table in TABLES]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_each_column_is_described_as_the_code_explains_it(table: Table) -> None:
    section = section_of(table)
    columns = re.findall(r"^``(\w+)`` \((\w+)\)\n((?: {4}.*\n)+)", section, re.MULTILINE)

    assert " ".join(section.split()).startswith(table.help)
    assert [(name, kind, " ".join(text.split())) for name, kind, text in columns] == [
        (column.name, column.kind.name, column.help) for column in table.columns
    ]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_texts_are_the_last_columns_so_that_cells_up_to_the_first_text_are_found_by_commas(
    table: Table,
) -> None:
    kinds = [column.kind.name for column in table.columns]
    texts = [kind in {"text", "json"} for kind in kinds]

    assert texts == sorted(texts)
    for reference in table.references:
        for column in reference.columns:
            assert not any(texts[: table.names.index(column)])
