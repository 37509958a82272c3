"""The SQL of a bundle: statements that load its tables into an engine, and the questions.

The questions are the same text for all engines. They ask views that the statements create.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from xblock_experiments.research.columns import Table
from xblock_experiments.research.manifest import csv_file
from xblock_experiments.research.tables import TABLES

_QUESTIONS = Path(__file__).parent / "sql"
_FOLDER = "sql"
_HEADING = "-- Run this in the folder of the bundle: the paths are relative to it."


def sql_files(course_id: str, *, with_parquet: bool) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each SQL file."""
    for path in sorted(_QUESTIONS.glob("*.sql")):
        yield f"{_FOLDER}/{path.name}", path.read_text(encoding="utf-8")
    for name, view in {**_OF_CSV, **(_OF_PARQUET if with_parquet else {})}.items():
        views = "".join(view(table, course_id) for table in TABLES)
        yield f"{_FOLDER}/load_{name}.sql", f"{_HEADING}\n{views}"


def _duckdb(table: Table, course_id: str) -> str:
    columns = ",\n        ".join(f"'{each.name}': '{each.kind.duckdb}'" for each in table.columns)
    return f"""
CREATE VIEW {table.name} AS
SELECT {_literal(course_id)} AS course_id, *
FROM read_csv(
    '{csv_file(table.name)}', auto_detect = false, header = true, delim = ',', quote = '"',
    escape = '"', new_line = '\\r\\n', max_line_size = 16777216,
    columns = {{{columns}}}
);
"""  # noqa: S608 - of declared names and literals


def _clickhouse(table: Table, course_id: str) -> str:
    return f"""
CREATE VIEW {table.name} AS
SELECT {_literal(course_id.replace(chr(92), chr(92) * 2))} AS course_id, *
FROM file('{csv_file(table.name)}', 'CSVWithNames', {_clickhouse_columns(table)})
SETTINGS date_time_input_format = 'best_effort', format_csv_allow_single_quotes = 0;
"""  # noqa: S608 - of declared names and literals


def _duckdb_parquet(table: Table, _: str) -> str:
    return f"""
CREATE VIEW {table.name} AS
SELECT *
FROM read_parquet(
    'parquet/{table.name}/*/*.parquet', hive_partitioning = true,
    hive_types = {{'course_id': VARCHAR}}
);
"""  # noqa: S608 - of declared names


def _clickhouse_parquet(table: Table, _: str) -> str:
    # ClickHouse takes the name of the folder as it is.
    return f"""
CREATE VIEW {table.name} AS
SELECT decodeURLComponent(toString(course_id)) AS course_id, * EXCEPT (course_id)
FROM file('parquet/{table.name}/*/*.parquet')
SETTINGS use_hive_partitioning = 1;
"""  # noqa: S608 - of declared names


def _clickhouse_columns(table: Table) -> str:
    columns = ", ".join(
        f"{each.name} Nullable({each.kind.clickhouse})"
        if each.is_optional
        else f"{each.name} {each.kind.clickhouse}"
        for each in table.columns
    )
    return _literal(columns)


def _literal(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


_OF_CSV: Mapping[str, Callable[[Table, str], str]] = {
    "clickhouse": _clickhouse,
    "duckdb": _duckdb,
}
_OF_PARQUET: Mapping[str, Callable[[Table, str], str]] = {
    "clickhouse_parquet": _clickhouse_parquet,
    "duckdb_parquet": _duckdb_parquet,
}
