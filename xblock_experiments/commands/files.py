"""Files that a command writes: each is complete, or it does not exist."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import CommandError


@contextmanager
def moved_at_end(path: Path) -> Iterator[Path]:
    """Yield a path beside `path`, for a file or folder that is moved to `path` at the end.

    After an error nothing is left. Raises OSError if `path` exists or cannot be written.
    """
    if path.exists() or path.is_symlink():
        raise FileExistsError(errno.EEXIST, "it already exists", str(path))
    with tempfile.TemporaryDirectory(dir=path.absolute().parent, suffix=".partial") as partial:
        new = Path(partial) / "new"
        yield new
        new.rename(path)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path beside `path`, for a file or folder that is moved to `path` at the end.

    After an error nothing is left. Raises CommandError if `path` exists or cannot be written.
    """
    try:
        with moved_at_end(path) as new:
            yield new
    except FileExistsError as error:
        msg = f"{path} already exists. Choose another path, or remove it first."
        raise CommandError(msg) from error
    except OSError as error:
        msg = f"Cannot write {path}: {error.strerror or error}. Choose another path."
        raise CommandError(msg) from error
