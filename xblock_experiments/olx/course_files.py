"""The reading of a course's files, and of the list of those that nothing has read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from posixpath import normpath

from xblock_experiments.olx.sentences import Sentence
from xblock_experiments.olx.untrusted import CourseTooLarge, Limits, is_file, read_file

_NOT_IN_TYPE_FOLDERS = frozenset({"course.xml", "static", "policies"})


class Files:
    """The files of one course. A course that was read from a text has none."""

    def __init__(self, folder: Path | None, limits: Limits) -> None:
        self._folder = folder
        self._limits = limits
        self._read: set[str] = set()
        self._bytes = 0

    def has(self, path: str) -> bool:
        return self._folder is not None and is_file(self._folder / path)

    def first(self, paths: Iterable[str]) -> str | None:
        """Return the first path that is a file, or None."""
        return next(filter(self.has, paths), None)

    def read(self, path: str) -> bytes:
        """Return the file's content. Raises CourseTooLarge, or InvalidCourse."""
        if self._folder is None:
            raise AssertionError
        self._read.add(normpath(path))
        data = read_file(self._folder, path, self._limits)
        self._bytes += len(data)
        return data

    def check_size(self) -> None:
        """Raise CourseTooLarge if more was read than a course may have.

        That can happen if many elements name the same large files.
        """
        limit = self._limits.bytes
        if self._bytes > limit:
            raise CourseTooLarge(Sentence("The course has more than {limit} bytes.", limit=limit))

    def unused(self) -> Iterator[tuple[str, Sentence]]:
        """Yield the files and folders that were not read, each with the reason."""
        if self._folder is None:
            return
        types = {path.partition("/")[0] for path in self._read}
        for entry in sorted(self._folder.iterdir()):
            if entry.is_symlink():
                yield entry.name, Sentence("a link, not followed")
            elif entry.name == "drafts":
                yield "drafts/", Sentence("ignored: drafts are not published")
            elif entry.is_dir() and entry.name in types:
                yield from self._unused_in(entry)
            elif entry.name not in _NOT_IN_TYPE_FOLDERS:
                yield f"{entry.name}{'/' if entry.is_dir() else ''}", Sentence("not used")

    def _unused_in(self, folder: Path) -> Iterator[tuple[str, Sentence]]:
        for path in sorted(folder.rglob("*")):
            name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
            if path.is_file() and name not in self._read:
                yield name, Sentence("no block that can run here refers to it")
