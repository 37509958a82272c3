"""Takes the files of a course out of an archive or a folder, to where they can be kept."""

from __future__ import annotations

import gzip
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, Self, cast

from xblock_experiments.olx.untrusted import (
    LIMITS,
    CourseTooLarge,
    InvalidCourse,
    Limits,
    OlxError,
    is_file,
    is_folder,
    shown,
)

_CHUNK_BYTES = 1 << 16
_HEADER_BYTES = 8 * 1024


def unpack(source: Path, target: Path, limits: Limits = LIMITS) -> None:
    """Copy the files of an export, folder or .tar.gz, to the new folder `target`.

    Takes regular files only. Raises InvalidCourse for a link, a path that leaves, or what is no
    archive; CourseTooLarge. What was copied by then is left to the caller.
    """
    if is_folder(source):
        target.mkdir(parents=True, exist_ok=True)
        _copy(source, target, limits)
        return
    if not is_file(source):
        msg = f"{shown(source.name)}: there is no such file or folder."
        raise InvalidCourse(msg)
    try:
        with source.open("rb") as file:
            _extract(file, target, limits)
    except OlxError:
        raise
    # tarfile turns headers into numbers and paths as they come.
    except (
        *(tarfile.TarError, zlib.error, EOFError, OSError),
        *(OverflowError, RecursionError, ValueError),
    ) as error:
        msg = f"{shown(source.name)}: it cannot be unpacked: {shown(error)}."
        raise InvalidCourse(msg) from error


def _copy(source: Path, target: Path, limits: Limits) -> None:
    budget = _Budget(limits)
    for path in sorted(source.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            msg = f"{shown(path.relative_to(source))}: it is a link or no ordinary file; refused."
            raise InvalidCourse(msg)
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
                msg = f"{shown(member.name)}: it leads out of the course; refused."
                raise InvalidCourse(msg)
            if member.isdir() or not path.parts:
                continue
            if not member.isreg() or member.issparse():
                msg = f"{shown(member.name)}: it is a link or no ordinary file; refused."
                raise InvalidCourse(msg)
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
    """Its headers hold a name, so they are short: tarfile would read gigabytes of them."""

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
    """As much of a file, unzipped, as an archive within the limits can have."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        is_gzip = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        self._stream = gzip.GzipFile(fileobj=file) if is_gzip else file
        self._left = limits.bytes + limits.files * tarfile.BLOCKSIZE * 2 + tarfile.RECORDSIZE

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            msg = "The archive unpacks to more bytes than are allowed."
            raise CourseTooLarge(msg)
        return data

    def read_to_the_end(self) -> None:
        """Where a damaged archive shows: its checksum comes last."""
        while self.read(_CHUNK_BYTES):
            pass


class _Budget:
    """Counts what is unpacked against the limits."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.files = 0
        self.bytes = 0

    def spend(self, size: int) -> None:
        if size < 0:
            msg = "A file of the archive claims to have fewer than no bytes; refused."
            raise InvalidCourse(msg)
        self.files += 1
        self.bytes += size
        if self.files > self.limits.files:
            msg = f"The course has more than {self.limits.files} files."
            raise CourseTooLarge(msg)
        if self.bytes > self.limits.bytes:
            msg = f"The course has more than {self.limits.bytes} bytes unpacked."
            raise CourseTooLarge(msg)
