"""The unpacking of a course from an archive or a folder."""

from __future__ import annotations

import gzip
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, Self, cast

from xblock_experiments.olx.sentences import Sentence
from xblock_experiments.olx.untrusted import (
    LIMITS,
    CourseTooLarge,
    InvalidCourse,
    Limits,
    OlxError,
    is_file,
    is_folder,
)

_CHUNK_BYTES = 1 << 16
_HEADER_BYTES = 8 * 1024
_NOT_REGULAR = Sentence("it is not a regular file; refused.")


def unpack(source: Path, target: Path, limits: Limits = LIMITS) -> None:
    """Copy the files of an export, a folder or a .tar.gz, to the new folder `target`.

    Accepts regular files only. Raises CourseTooLarge, or InvalidCourse for links, for paths outside
    the course and for invalid archives. The caller must then delete the files copied so far.
    """
    if is_folder(source):
        target.mkdir(parents=True, exist_ok=True)
        _copy(source, target, limits)
        return
    if not is_file(source):
        raise InvalidCourse(Sentence("there is no such file or folder."), source.name)
    try:
        with source.open("rb") as file:
            _extract(file, target, limits)
    except OlxError:
        raise
    # tarfile converts headers to numbers and paths without checks.
    except (
        *(tarfile.TarError, zlib.error, EOFError, OSError),
        *(OverflowError, RecursionError, ValueError),
    ) as error:
        reason = Sentence("it cannot be unpacked: {error}.", error=str(error))
        raise InvalidCourse(reason, source.name) from error


def _copy(source: Path, target: Path, limits: Limits) -> None:
    budget = _Budget(limits)
    for path in sorted(source.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise InvalidCourse(_NOT_REGULAR, str(path.relative_to(source)))
        if path.is_file():
            budget.spend(path.stat().st_size)
            destination = target / path.relative_to(source)
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, destination)


def _extract(file: BinaryIO, target: Path, limits: Limits) -> None:
    budget = _Budget(limits)
    stream = _BoundedStream(file, limits)
    with tarfile.open(fileobj=cast(IO[bytes], stream), mode="r|", tarinfo=_Member) as archive:
        for member in archive:
            path = PurePosixPath(member.name)
            if path.is_absolute() or ".." in path.parts or "\x00" in member.name:
                raise InvalidCourse(Sentence("it is outside the course; refused."), member.name)
            if member.isdir() or not path.parts:
                continue
            if not member.isreg() or member.issparse():
                raise InvalidCourse(_NOT_REGULAR, member.name)
            budget.spend(member.size)
            _write(archive, member, target.joinpath(*path.parts))
    stream.read_to_the_end()


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, destination: Path) -> None:
    content = archive.extractfile(member)
    if content is None:
        return
    destination.parent.mkdir(parents=True, exist_ok=True)
    with destination.open("wb") as copy:
        shutil.copyfileobj(content, copy, _CHUNK_BYTES)


class _Member(tarfile.TarInfo):
    """A member with limited headers, which tarfile would otherwise read up to gigabytes."""

    def _proc_pax(self, archive: tarfile.TarFile) -> Self:
        self._check_header()
        return cast(Self, super()._proc_pax(archive))  # type: ignore[misc]

    def _proc_gnulong(self, archive: tarfile.TarFile) -> Self:
        self._check_header()
        return cast(Self, super()._proc_gnulong(archive))  # type: ignore[misc]

    def _check_header(self) -> None:
        if not 0 <= self.size <= _HEADER_BYTES:
            msg = f"a header claims {self.size} bytes"
            raise tarfile.ReadError(msg)


class _BoundedStream:
    """A stream that raises CourseTooLarge beyond the size of any archive within the limits."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        is_gzip = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        self._stream = gzip.GzipFile(fileobj=file) if is_gzip else file
        self._left = limits.bytes + limits.files * tarfile.BLOCKSIZE * 2 + tarfile.RECORDSIZE

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise CourseTooLarge(Sentence("The archive unpacks to more bytes than are allowed."))
        return data

    def read_to_the_end(self) -> None:
        """Read the rest, because a damaged archive shows only at its end, in the checksum."""
        while self.read(_CHUNK_BYTES):
            pass


class _Budget:
    """A count of unpacked files and bytes, compared with the limits."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.files = 0
        self.bytes = 0

    def spend(self, size: int) -> None:
        if size < 0:
            raise InvalidCourse(Sentence("A file of the archive claims a negative size; refused."))
        self.files += 1
        self.bytes += size
        if self.files > self.limits.files:
            limit = self.limits.files
            raise CourseTooLarge(Sentence("The course has more than {limit} files.", limit=limit))
        if self.bytes > self.limits.bytes:
            reason = Sentence(
                "The course has more than {limit} bytes unpacked.", limit=self.limits.bytes
            )
            raise CourseTooLarge(reason)
