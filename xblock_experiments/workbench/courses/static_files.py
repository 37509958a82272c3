"""The static files of a course, by the names that links have for them.

Open edX stores a file under its path with other characters than letters, digits, `.`, `-`, `_` and
`%` replaced, slashes too. Links have these names, while exports have the original ones.
"""

from __future__ import annotations

import os
import re
import unicodedata
from functools import cached_property
from pathlib import Path

from xblock_experiments.olx.untrusted import is_file

_REPLACED = re.compile(r"[^\w%.-]")


class StaticFiles:
    """The files in the folder `static` of a course. Links in it are not followed."""

    def __init__(self, folder: Path) -> None:
        self._root = folder.resolve() / "static"

    def find(self, name: str) -> Path | None:
        """Return the file that a link means by the name, or None if there is none.

        The exact path is best, then the name on Open edX, then that name in another case.
        """
        if "\x00" in name:
            return None
        try:
            file = (self._root / name).resolve()
        except (OSError, RuntimeError):
            return None
        if file.is_relative_to(self._root) and is_file(file):
            return file
        stored = _stored(name)
        return self._by_stored_name.get(stored) or self._by_stored_name.get(stored.casefold())

    @cached_property
    def _by_stored_name(self) -> dict[str, Path]:
        """The files by their names on Open edX, and by these in lower case."""
        files: dict[str, Path] = {}
        if self._root.is_symlink():
            return files
        for folder, folders, names in os.walk(self._root):
            folders.sort()
            for name in sorted(names):
                file = Path(folder) / name
                if not file.is_symlink() and is_file(file):
                    files.setdefault(_stored(file.relative_to(self._root).as_posix()), file)
        return {**{name.casefold(): file for name, file in reversed(files.items())}, **files}


def _stored(name: str) -> str:
    return _REPLACED.sub("_", unicodedata.normalize("NFC", name))
