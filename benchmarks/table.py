"""All reports as one table of plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks.results import Report, Row, ratios

HEADINGS = (
    *("what", "database", "unit", "ours", "theirs", "floor"),
    *("theirs/ours", "ours/floor", "goal", "met"),
)
TIMED = {"1000/s", "µs", "ms", "s"}


def table(reports: Sequence[Report]) -> str:
    lines = [HEADINGS, *_lines(reports)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, tuple("=" * width for width in widths))
    text = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    return "\n".join([*_conditions(reports), "", *text, ""])


def _conditions(reports: Sequence[Report]) -> Iterator[str]:
    if any(report.is_quick for report in reports):
        yield "QUICK: this shows whether everything runs. The numbers mean nothing."
    yield from dict.fromkeys(line for report in reports for line in report.conditions)


def _lines(reports: Sequence[Report]) -> Iterator[tuple[str, ...]]:
    """Yield the lines. Rows measured on several databases are grouped under one name."""
    found: dict[str, list[tuple[str, Row]]] = {}
    for report in reports:
        for row in report.rows:
            found.setdefault(row.what, []).append((report.database, row))
    for what, rows in found.items():
        for number, (database, row) in enumerate(rows):
            yield ("" if number else what, database, *_cells(row))


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.unit,
        _numbers(row.ours, row),
        _numbers(row.theirs, row),
        _numbers(row.floor, row),
        _ratio(row.theirs, row.ours, row),
        _ratio(row.ours, row.floor, row),
        ", ".join(goal.text for goal in row.goals),
        ", ".join("yes" if goal.is_met else "NO" for goal in row.goals),
    )


def _numbers(numbers: Sequence[float], row: Row) -> str:
    if not numbers:
        return ""
    match row.unit:
        case "1000/s":
            return _spread([1 / number / 1000 for number in numbers], "{:.1f}")
        case "µs":
            return _spread([number * 1_000_000 for number in numbers], "{:.1f}")
        case "ms":
            return _spread([number * 1000 for number in numbers], "{:.2f}")
        case "s":
            return _spread(numbers, "{:.2f}")
        case _:
            return f"{median(numbers):.4g}"


def _ratio(numbers: Sequence[float], others: Sequence[float], row: Row) -> str:
    if row.unit not in TIMED or not (numbers and others):
        return ""
    return _spread(ratios(numbers, others), "{:.2f}")


def _spread(numbers: Sequence[float], form: str) -> str:
    """Return the median, the minimum and the maximum."""
    middle, low, high = (form.format(of(numbers)) for of in (median, min, max))
    return f"{middle} ({low}-{high})"
