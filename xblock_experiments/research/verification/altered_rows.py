"""A comparison of rows with their hashes, which points at each row that differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

type Digest = bytes


class Difference(NamedTuple):
    """A row that is not as it was written. Rows are counted from 0."""

    row: int
    what: str


def differences(expected: Sequence[Digest], found: Sequence[Digest]) -> Iterator[Difference]:
    """Yield each altered, added, repeated, missing and misplaced row."""
    places = {digest: place for place, digest in enumerate(expected)}
    missing = set(expected).difference(found)
    seen: set[Digest] = set()
    kept: list[tuple[int, int]] = []
    for row, digest in enumerate(found):
        place = places.get(digest)
        if place is None:
            yield _strange(row, expected, missing)
        elif digest in seen:
            yield Difference(row, f"it repeats line {line_of(place)} of the exported file")
        else:
            seen.add(digest)
            kept.append((row, place))
    yield from _misplaced(kept)
    for digest in missing:
        place = places[digest]
        yield Difference(place, "the row that was exported here is missing")


def line_of(row: int) -> int:
    """Return the line of a row. The first line has the names of the columns."""
    return row + 2


def _strange(row: int, expected: Sequence[Digest], missing: set[Digest]) -> Difference:
    """Return what is wrong with a row that was not exported."""
    if row < len(expected) and expected[row] in missing:
        missing.remove(expected[row])
        return Difference(row, "the row was altered: its SHA-256 differs")
    return Difference(row, "the row was altered or added: no exported row has its SHA-256")


def _misplaced(kept: Sequence[tuple[int, int]]) -> Iterator[Difference]:
    order = sorted(place for _, place in kept)
    for (row, place), right in zip(kept, order, strict=True):
        if place != right:
            yield Difference(row, f"the row was exported as line {line_of(place)}")
