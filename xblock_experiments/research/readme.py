"""The README of a bundle: what it is, how it is checked, and each column."""

from __future__ import annotations

from collections.abc import Iterator

from xblock_experiments.research.columns import Table
from xblock_experiments.research.manifest import csv_file
from xblock_experiments.research.tables import TABLES

_ABOUT = """\
# Data of the course {course_id}

This bundle has what content experiments recorded about the learners of one course: who was assigned
to which group, who was shown what, and who earned which points.

## Files

* `csv/`: the tables below. UTF-8, with a line for each row; lines end with CR and LF. An empty cell
  is no value, or an empty text. Times are in UTC. A text that a spreadsheet would compute begins
  with an apostrophe, and a line break in a text is written as `\\n` or `\\r`.
* `parquet/`, if it was asked for: the same tables, typed and partitioned by course, with texts as
  they are stored.
* `rows/`: the SHA-256 of each row of a table, 32 bytes each, of its bytes without the line's end.
* `structure.json`: the sequences and scored blocks of the course, as last published.
* `sql/`: statements that load the tables into DuckDB or ClickHouse, and questions to ask them.
* `manifest.json`: the size and the SHA-256 of each file.

## Learners

Learners and members of staff are named by pseudonyms: the HMAC-SHA-256 of the course and the user's
id, under a key that the operator of the site keeps. A learner has the same pseudonym in all tables
of this bundle, and another one in bundles of other courses.

Pseudonyms are not anonymity. Groups are computed from public salts and the user's id. Whoever knows
the ids of a site can compute the groups that each id would have, and compare them: in a course with
many experiments, few ids fit a learner, or only one. Texts that people entered can name somebody
too: names of groups, names and descriptions of experiments, and values of tags. Treat this bundle
as personal data.

## Checking

    pip install --no-deps xblock-experiments
    python -m xblock_experiments.research.verify PATH --manifest SHA256

PATH is this folder or archive. SHA256 is the hash of `manifest.json`, which the operator sends you
by another way. The check needs no other package. With `--people FILE`, a file of pseudonyms and
user ids that the operator keeps, it also computes every assignment again.
"""


def readme(course_id: str) -> str:
    """Return the README as Markdown."""
    return _ABOUT.format(course_id=f"`{course_id}`") + "".join(map(_section, TABLES))


def _section(table: Table) -> str:
    return "\n".join(_lines(table)) + "\n"


def _lines(table: Table) -> Iterator[str]:
    yield f"\n## `{csv_file(table.name)}`\n"
    yield f"{table.help} {_key(table)}\n"
    for column in table.columns:
        yield f"* `{column.name}` ({column.kind.name}): {column.help}"


def _key(table: Table) -> str:
    names = ", ".join(f"`{name}`" for name in table.key)
    return f"Unique: {names}."
