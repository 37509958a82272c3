"""python -m benchmarks: `pure` and `database` measure and save a report; `table` prints reports.

`--only` measures one section, and can be given several times.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from time import perf_counter

from benchmarks import machine
from benchmarks.results import Report, Row
from benchmarks.scale import FULL, QUICK, Scale
from benchmarks.table import table

PURE = ("choosing", "randomness", "bundle")
DATABASE = (
    *("views", "pages", "lessons", "problems", "event_context", "bulk", "imports"),
    "grades",
)
"""The sections: modules that measure without a database, and with one."""


def main() -> None:
    given = _parser().parse_args()
    if given.verb == "table":
        sys.stdout.write(table([Report.load(file) for file in given.files]))
        return
    scale = QUICK if given.quick else FULL
    measure = _pure if given.verb == "pure" else _database
    measure(scale, given.only or [*PURE, *DATABASE], is_quick=given.quick).save(given.file)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("pure", "database"):
        measuring = verbs.add_parser(verb)
        measuring.add_argument("--quick", action="store_true")
        measuring.add_argument("--only", action="append", choices=[*PURE, *DATABASE])
        measuring.add_argument("file", type=Path)
    verbs.add_parser("table").add_argument("files", nargs="+", type=Path)
    return parser


def _pure(scale: Scale, wanted: Sequence[str], *, is_quick: bool) -> Report:
    from benchmarks import peers

    return Report(
        database="",
        conditions=[*machine.conditions(), peers.planout()],
        rows=[*_rows(PURE, scale, wanted)],
        is_quick=is_quick,
    )


def _database(scale: Scale, wanted: Sequence[str], *, is_quick: bool) -> Report:
    """Measure on a database. Django is set up before any module with models is imported."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    django.setup()

    from benchmarks import databases

    databases.make_tables()
    rows = [*_rows(DATABASE, scale, wanted)]
    version = databases.version()
    return Report(database=version.split()[0], conditions=[version], rows=rows, is_quick=is_quick)


def _rows(sections: Sequence[str], scale: Scale, wanted: Sequence[str]) -> Iterator[Row]:
    for section in sections:
        if section in wanted:
            start = perf_counter()
            yield from import_module(f"benchmarks.{section}").rows(scale)
            sys.stderr.write(f"  {section}: {perf_counter() - start:.0f} s\n")


if __name__ == "__main__":
    main()
