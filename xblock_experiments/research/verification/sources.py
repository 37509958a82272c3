"""The files of a bundle in a folder or an archive. Nothing is unpacked."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Protocol

CHUNK = 1 << 20
_ERRORS = (
    *(OSError, EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    # zipfile raises RuntimeError for a password and NotImplementedError for other compressions,
    # KeyError for a member that is missing, and ValueError for names that are no UTF-8.
    *(RuntimeError, KeyError, ValueError),
)


class Unreadable(Exception):
    """Raised if a file cannot be read, with the reason."""


class Source(Protocol):
    """The files of a bundle."""

    def names(self) -> list[str]:
        """Return the names of all files, with slashes. A name can be there twice."""

    def open(self, name: str) -> IO[bytes]:
        """Open a file that `names` has. Raises Unreadable."""


class Folder:
    """A bundle in a folder. An empty folder in it is listed too, because no bundle has one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        paths = (path for path in self._folder.rglob("*") if not _is_full_folder(path))
        return [path.relative_to(self._folder).as_posix() for path in paths]

    def open(self, name: str) -> IO[bytes]:
        path = self._folder / name
        if path.is_symlink():
            msg = "it is a link"
            raise Unreadable(msg)
        # To open a pipe would wait for whoever writes to it.
        if path.exists() and not path.is_file():
            msg = "it is no file"
            raise Unreadable(msg)
        return path.open("rb")


class Archive:
    """A bundle in a .zip."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def names(self) -> list[str]:
        members = self._archive.infolist()
        return [each.filename for each in members if each.file_size or not each.is_dir()]

    def open(self, name: str) -> IO[bytes]:
        return self._archive.open(name)


def _is_full_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and any(path.iterdir())


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Yield the files of the bundle. Raises Unreadable."""
    if path.is_dir():
        yield Folder(path)
        return
    with ExitStack() as stack:
        with readable():
            archive = stack.enter_context(zipfile.ZipFile(path))
        yield Archive(archive)


@contextmanager
def readable() -> Iterator[None]:
    """Turn an error of reading into Unreadable."""
    try:
        yield
    except _ERRORS as error:
        raise Unreadable(str(error) or type(error).__name__) from error


def chunks(source: Source, name: str, limit: int) -> Iterator[bytes]:
    """Yield the file's data up to one byte more than `limit`. Raises Unreadable."""
    with readable(), source.open(name) as file:
        left = limit + 1
        while left and (data := file.read(min(CHUNK, left))):
            left -= len(data)
            yield data
