"""The files of a course, as a filesystem that blocks read from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fs.base import FS
from fs.errors import ResourceNotFound
from fs.memoryfs import MemoryFS
from fs.osfs import OSFS
from fs.wrap import WrapReadOnly


class CourseFiles(WrapReadOnly[OSFS]):
    """A read-only folder. Files outside it, reached by `..` or a link, are not found."""

    def __init__(self, folder: Path) -> None:
        super().__init__(OSFS(str(folder)))
        self._root = folder.resolve()

    @property
    def root_path(self) -> str:
        """The folder in which ProblemBlock looks for the folders that its Python code names."""
        return str(self._root)

    def delegate_path(self, path: str) -> Any:
        try:
            inside = (self._root / path.lstrip("/")).resolve().is_relative_to(self._root)
        # A link to itself raises RuntimeError.
        except (OSError, RuntimeError, ValueError) as error:
            raise ResourceNotFound(path) from error
        if not inside:
            raise ResourceNotFound(path)
        return super().delegate_path(path)


class NoFiles(MemoryFS):
    """The files of a course that was read from a text."""

    root_path = "/nowhere"


def files_in(folder: Path | None) -> FS:
    return NoFiles() if folder is None else CourseFiles(folder)
