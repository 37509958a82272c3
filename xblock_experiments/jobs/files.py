"""The files of jobs, in a folder that no server serves.

A file belongs to one attempt at a job, and a row names it once it is complete. A file that no row
names was left behind by a worker that died, or its time is over.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from xblock_experiments.settings.common import setting

_PARTIAL = ".partial"
_FOLDER = ".folder"
_OURS = re.compile(rf"([0-9]+-[0-9]+)(?:{re.escape(_PARTIAL)}(?:{re.escape(_FOLDER)})?)?")


def name_of(job_id: int, attempt: int) -> str:
    return f"{job_id}-{attempt}"


def path_of(name: str) -> Path:
    return Path(setting("JOBS_FOLDER")) / name


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
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Store the file before a row names it, so that a power failure leaves no torn file."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
