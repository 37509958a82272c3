"""Tables of a bundle as Parquet, in a folder for each course. Needs the extra `research`."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from xblock_experiments.errors import MissingExtra
from xblock_experiments.research.columns import (
    FLAG,
    INTEGER,
    JSON,
    MOMENT,
    NUMBER,
    PSEUDONYM,
    TEXT,
    Kind,
    Row,
    Table,
)

try:
    import pyarrow
    from pyarrow import parquet
except ImportError as error:
    raise MissingExtra(__name__, "research", error) from error

_AT_ONCE = 10_000
_TYPES: dict[Kind, Any] = {
    PSEUDONYM: pyarrow.string(),
    INTEGER: pyarrow.int64(),
    NUMBER: pyarrow.float64(),
    FLAG: pyarrow.bool_(),
    MOMENT: pyarrow.timestamp("us", tz="UTC"),
    TEXT: pyarrow.string(),
    JSON: pyarrow.string(),
}


def parquet_file(table: str, course_id: str) -> str:
    """Return the name of the file, whose folder names the course as Hive's partitions do.

    Bundles of several courses can be copied into one folder, and are then one table.
    """
    return f"parquet/{table}/course_id={quote(course_id, safe='')}/part-0.parquet"


class ParquetTable:
    """A table as a Parquet file."""

    def __init__(self, table: Table, folder: Path, course_id: str) -> None:
        self.name = parquet_file(table.name, course_id)
        path = folder / self.name
        path.parent.mkdir(parents=True)
        self._schema = pyarrow.schema(
            [
                pyarrow.field(column.name, _TYPES[column.kind], nullable=column.is_optional)
                for column in table.columns
            ]
        )
        self._writer = parquet.ParquetWriter(path, self._schema, compression="zstd")
        self._rows: list[Row] = []

    def write(self, row: Row) -> None:
        self._rows.append(row)
        if len(self._rows) == _AT_ONCE:
            self._flush()

    def close(self) -> None:
        if self._writer.is_open:
            self._flush()
            self._writer.close()

    def _flush(self) -> None:
        if not self._rows:
            return
        columns = zip(*self._rows, strict=True)
        arrays = [
            pyarrow.array(column, field.type)
            for column, field in zip(columns, self._schema, strict=True)
        ]
        self._writer.write_batch(pyarrow.record_batch(arrays, schema=self._schema))
        self._rows.clear()
