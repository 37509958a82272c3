"""Rows of a CSV file as bytes, and the hash of the file that is computed as they are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import chain

from xblock_experiments.research.manifest import FileEntry
from xblock_experiments.research.verification.sources import Source, Unreadable, chunks

END = b"\r\n"
_LONGEST = 16 << 20


class MeasuredFile:
    """A file of a bundle, with the size and the hash of what was read of it."""

    def __init__(self, source: Source, name: str, limit: int) -> None:
        self._chunks = chunks(source, name, limit)
        self._hash = sha256()
        self._bytes = 0

    @property
    def entry(self) -> FileEntry:
        return FileEntry(self._bytes, self._hash.hexdigest())

    def __iter__(self) -> Iterator[bytes]:
        for data in self._chunks:
            self._hash.update(data)
            self._bytes += len(data)
            yield data


def header_and_rows(file: Iterable[bytes]) -> tuple[bytes, Iterator[list[bytes]]]:
    """Return the first line, and the rows after it, many at a time."""
    found = filter(None, rows_of(file))
    header, *rest = next(found, [b""])
    return header, chain([rest], found)


def rows_of(file: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield the rows without the ends of their lines, many at a time.

    Each row of a bundle is one line. Raises Unreadable for a line that no bundle has.
    """
    rest = b""
    for data in file:
        *rows, rest = (rest + data).split(END)
        if len(rest) > _LONGEST:
            msg = "a line has no end"
            raise Unreadable(msg)
        yield rows
    if rest:
        yield [rest]
