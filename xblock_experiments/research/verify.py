"""The check of a bundle from the shell: `python -m xblock_experiments.research.verify`.

It needs nothing but the standard library.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from xblock_experiments.research.verification.checking import check_bundle
from xblock_experiments.research.verification.findings import Report


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the faults, and return 1 if there are any."""
    parser = argparse.ArgumentParser(
        prog="python -m xblock_experiments.research.verify", description="Check a bundle."
    )
    add_arguments(parser)
    given = parser.parse_args(arguments)
    report = check_bundle(given.path, given.manifest, given.people)
    for line in lines_of(report):
        sys.stdout.write(f"{line}\n")
    return 0 if report.is_sound else 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", type=Path, help="the folder or .zip of the bundle")
    parser.add_argument(
        "--manifest", required=True, metavar="SHA256", help="the hash of the bundle's manifest"
    )
    parser.add_argument(
        "--people",
        type=Path,
        metavar="FILE",
        help="the file of pseudonyms and user ids, to compute all assignments again",
    )


def lines_of(report: Report) -> Iterator[str]:
    """Yield the report as lines of text."""
    for fault in report.faults:
        yield _printable(str(fault))
    if report.more:
        yield f"and {report.more:,} more"
    yield f"{report.rows:,} rows checked. {report.derived:,} assignments computed again."
    if report.recorded:
        yield f"{report.recorded:,} moves are not computed: no rule decides them."
    if report.uncertain:
        yield f"{report.uncertain:,} assignments differ, but their version was not stored."
    yield "The bundle is as it was exported." if report.is_sound else "The bundle has faults."


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in text)


if __name__ == "__main__":
    sys.exit(main())
