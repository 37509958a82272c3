"""Files that a command writes: each is complete, or it does not exist."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from django.core.management.base import CommandError

from xblock_experiments.errors import ExperimentsError


class Unwritable(ExperimentsError):
    """Raised if a path exists or cannot be written. Nothing was written to it."""


@contextmanager
def moved_at_end(*paths: Path) -> Iterator[list[Path]]:
    """Yield a path beside each of `paths`, for files or folders that are moved there at the end.

    Either all are moved or none, and none replaces what is there. After an error nothing is left.
    Raises Unwritable if a path exists or cannot be written, or if two paths are the same.
    """
    if len({path.resolve() for path in paths}) < len(paths):
        msg = f"{paths[0]} is named twice. Choose another path for one of the two."
        raise Unwritable(msg)
    with ExitStack() as stack:
        new = [stack.enter_context(_beside(path)) for path in paths]
        with _unwritable(paths[0]):
            yield new
        _move(dict(zip(new, paths, strict=True)))


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path beside `path`, for a file or folder that is moved to `path` at the end.

    After an error nothing is left. Raises CommandError if `path` exists or cannot be written.
    """
    try:
        with moved_at_end(path) as (new,):
            yield new
    except Unwritable as error:
        raise CommandError(str(error)) from error


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    with _unwritable(path):
        if path.exists() or path.is_symlink():
            raise FileExistsError
        partial = tempfile.TemporaryDirectory(dir=path.absolute().parent, suffix=".partial")
    with partial as folder:
        yield Path(folder) / "new"


def _move(paths: Mapping[Path, Path]) -> None:
    """Move all files and folders. They replace what only this function makes, so nothing is lost.

    A path may have come into being since it was looked for.
    """
    with ExitStack() as undo:
        for new, path in paths.items():
            with _unwritable(path):
                if new.is_dir():
                    path.mkdir()
                else:
                    path.touch(exist_ok=False)
            undo.callback(_remove, path)
        for new, path in paths.items():
            with _unwritable(path):
                new.replace(path)
        undo.pop_all()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


@contextmanager
def _unwritable(path: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        msg = f"{path} already exists. Choose another path, or remove it first."
        raise Unwritable(msg) from error
    except OSError as error:
        msg = f"Cannot write {path}: {error.strerror or error}. Choose another path."
        raise Unwritable(msg) from error
