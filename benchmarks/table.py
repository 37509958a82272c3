"""All reports as one table of plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from benchmarks.results import Report, Row, ratios

HEADINGS = (
    *("what", "database", "ours", "whose", "theirs", "floor"),
    *("theirs/ours", "ours/floor", "goal", "met"),
)


def table(reports: Sequence[Report]) -> str:
    lines = [HEADINGS]
    for report in sorted_rows(reports):
        lines.append(report)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = tuple("-" * width for width in widths)
    text = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in (HEADINGS, rule, *lines[1:])
    ]
    return "\n".join([*_conditions(reports), "", *text, ""])


def sorted_rows(reports: Sequence[Report]) -> Iterable[tuple[str, ...]]:
    """Each thing measured, on all databases."""
    order: dict[tuple[str, str], list[tuple[str, ...]]] = {}
    for report in reports:
        for row in report.rows:
            order.setdefault((row.what, row.whose), []).append(_cells(report.database, row))
    return [cells for group in order.values() for cells in group]


def _conditions(reports: Sequence[Report]) -> list[str]:
    lines = list(dict.fromkeys(line for report in reports for line in report.conditions))
    if any(report.is_quick for report in reports):
        lines.insert(0, "QUICK: whether everything runs. These numbers mean nothing.")
    return lines


def _cells(database: str, row: Row) -> tuple[str, ...]:
    return (
        row.what,
        database or "-",
        _numbers(row.ours, row),
        row.whose or "-",
        _numbers(row.theirs, row),
        _numbers(row.floor, row),
        _ratio(row.theirs, row.ours, row),
        _ratio(row.ours, row.floor, row),
        ", ".join(goal.text for goal in row.goals) or "-",
        ", ".join("yes" if goal.is_met else "NO" for goal in row.goals) or "-",
    )


def _numbers(numbers: Sequence[float], row: Row) -> str:
    if not numbers:
        return "-"
    match row.unit:
        case "per second":
            return _spread([1 / number for number in numbers], "{:,.0f}/s", "{:,.0f}")
        case "ms":
            return _spread([number * 1000 for number in numbers], "{:.2f} ms", "{:.2f}")
        case "s":
            return _spread(numbers, "{:.2f} s", "{:.2f}")
    return f"{median(numbers):.3g}"


def _ratio(numbers: Sequence[float], others: Sequence[float], row: Row) -> str:
    if not (row.is_timed and numbers and others):
        return "-"
    return _spread(ratios(numbers, others), "{:.1f}x", "{:.1f}")


def _spread(numbers: Sequence[float], form: str, short: str) -> str:
    """The median, and the least and the most."""
    low, high = short.format(min(numbers)), short.format(max(numbers))
    return f"{form.format(median(numbers))} ({low}-{high})"
