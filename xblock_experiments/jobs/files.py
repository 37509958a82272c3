"""The files of jobs, in a folder that no server serves.

Each worker that begins a job gives its file a random name, which the job's row has from then on. A
file that no row names was left behind by a worker that died, or its time is over.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from xblock_experiments.settings.common import setting

log = logging.getLogger(__name__)

_PARTIAL = ".partial"
_FOLDER = ".folder"
_OURS = re.compile(rf"([0-9a-f]{{32}})(?:{re.escape(_PARTIAL)}(?:{re.escape(_FOLDER)})?)?")


def new_name() -> str:
    """Return a name that no other file has, in the folder of any database."""
    return secrets.token_hex(16)


def path_of(name: str) -> Path:
    return Path(setting("JOBS_FOLDER")) / name


def opened(name: str, size: int | None) -> BinaryIO | None:
    """Return a stream of the file, or None if it cannot be read or has another size."""
    try:
        stream = path_of(name).open("rb")
    except OSError as error:
        log.warning("The file of a job cannot be opened: %s", error)
        return None
    if os.fstat(stream.fileno()).st_size == size:
        return stream
    stream.close()
    log.warning("The file %s of a job does not have the size in its row.", name)
    return None


@contextmanager
def new_file(name: str) -> Iterator[Path]:
    """Yield the path of an empty file that gets its name at the end. After an error it is gone.

    Only its owner may read it.
    """
    path = path_of(name)
    partial = path.with_name(f"{name}{_PARTIAL}")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        partial.unlink(missing_ok=True)
        partial.touch(mode=0o600, exist_ok=False)
        yield partial
        _flush(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def folder_for(path: Path) -> Iterator[Path]:
    """Yield a new folder beside a job's file, for the work on it. It is removed at the end.

    If the worker dies, it is removed with the file.
    """
    folder = path.with_name(f"{path.name}{_FOLDER}")
    remove([folder])
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        remove([folder])


def names() -> dict[Path, str]:
    """Return the files and folders that are of jobs, with the names of the complete files."""
    folder = Path(setting("JOBS_FOLDER"))
    found = ((path, _OURS.fullmatch(path.name)) for path in folder.glob("*"))
    return {path: match[1] for path, match in found if match}


def remove(paths: Collection[Path]) -> None:
    """Remove files and folders. Leaves those that it cannot remove, for example another user's."""
    for path in paths:
        try:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("A file of jobs cannot be removed: %s", error)


def _flush(path: Path) -> None:
    """Store the file before a row names it, so that a power failure leaves no torn file."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
