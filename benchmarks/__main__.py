"""python -m benchmarks: `pure` and `database` measure and save a report; `table` prints reports."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from benchmarks import machine
from benchmarks.results import Report, Row
from benchmarks.scale import FULL, QUICK, Scale
from benchmarks.table import table


def main() -> None:
    given = _parser().parse_args()
    if given.verb == "table":
        sys.stdout.write(table([Report.load(file) for file in given.files]))
        return
    scale = QUICK if given.quick else FULL
    measure = _pure if given.verb == "pure" else _database
    measure(scale, is_quick=given.quick).save(given.file)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("pure", "database"):
        measuring = verbs.add_parser(verb)
        measuring.add_argument("--quick", action="store_true")
        measuring.add_argument("file", type=Path)
    verbs.add_parser("table").add_argument("files", nargs="+", type=Path)
    return parser


def _pure(scale: Scale, *, is_quick: bool) -> Report:
    from benchmarks import choosing, peers, randomness

    return Report(
        database="",
        conditions=[*machine.conditions(), peers.planout()],
        rows=[*choosing.rows(scale), *randomness.rows(scale)],
        is_quick=is_quick,
    )


def _database(scale: Scale, *, is_quick: bool) -> Report:
    """Measure on a database. Django is set up before any module with models is imported."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    django.setup()

    from benchmarks import bulk, databases, event_context, imports, pages, problems, views

    databases.make_tables()
    rows: list[Row] = []
    for measured in (views, pages, problems, event_context, bulk, imports):
        rows += measured.rows(scale)
    version = databases.version()
    return Report(database=version.split()[0], conditions=[version], rows=rows, is_quick=is_quick)


if __name__ == "__main__":
    main()
