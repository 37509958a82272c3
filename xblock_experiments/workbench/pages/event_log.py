"""The log of the workbench's events page: a line of JSON for each event, from all processes.

A log that grows too long is renamed: `.1` is appended to its name. The previous such file is lost.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from filelock import FileLock

from xblock_experiments.settings.common import setting

log = logging.getLogger(__name__)

MAX_BYTES = 4 * 2**20
"""The size above which the log is rotated."""
_LOCK_TIMEOUT = 1.0
"""Seconds to wait for another process that rotates the log."""
_POSITION = re.compile("([0-9]{1,20})-([0-9]{1,18})")
"""The inode of a file, and the number of bytes that were read from it."""


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event of this package or of any block."""

    name: str
    timestamp: datetime
    data: dict[str, Any]
    context: dict[str, Any]

    @property
    def course_id(self) -> str:
        """The course's id, or "" if the event belongs to no course."""
        return self._first("course_id")

    @property
    def user_id(self) -> str:
        """The user's id, or "" if the event has none."""
        return self._first("user_id")

    def _first(self, key: str) -> str:
        """Return a value of the context, or else of the data, where a block may put anything."""
        values = (self.context.get(key), self.data.get(key))
        return next((str(value) for value in values if value is not None), "")


def is_enabled() -> bool:
    return bool(setting("EVENT_LOG"))


def log_event(
    *, event: Any, context: Mapping[str, Any], timestamp: datetime, **signal: Any
) -> None:
    """Receive `emitted` and append the event. The request continues if the log is not writable."""
    if not is_enabled():
        return
    path = setting("EVENT_LOG")
    content = {
        "name": str(event.name),
        "timestamp": timestamp.isoformat(),
        "data": event.payload(),
        "context": {**context},
    }
    text = json.dumps(content, default=str, ensure_ascii=False)
    try:
        _append(Path(path), f"{text}\n".encode(errors="replace"))
    except OSError as error:
        _report_once(path, str(error))


def read(after: str = "") -> Iterator[tuple[LoggedEvent, str]]:
    """Yield the events after a position, oldest first, each with the position after it.

    Yields all events if the position is empty or no longer exists. Raises OSError.
    """
    match = _POSITION.fullmatch(after)
    inode, offset = (int(match[1]), int(match[2])) if match else (-1, 0)
    with _files() as files:
        inodes = list(files)
        first = inodes.index(inode) if inode in files else 0
        for number in inodes[first:]:
            start = offset if number == inode else 0
            for event, end in _read_file(files[number], start):
                yield event, f"{number}-{end}"


@contextmanager
def _files() -> Iterator[dict[int, BinaryIO]]:
    """Yield the open files by inode, the older one first."""
    found: dict[int, BinaryIO] = {}
    path = Path(setting("EVENT_LOG"))
    with ExitStack() as stack:
        # The newer file is opened first. If the log is rotated now, the same file is opened twice,
        # and none is missed.
        for each in (path, _rotated(path)):
            with suppress(FileNotFoundError):
                file = stack.enter_context(each.open("rb"))
                found.setdefault(os.fstat(file.fileno()).st_ino, file)
        yield dict(reversed(found.items()))


def _read_file(file: BinaryIO, start: int) -> Iterator[tuple[LoggedEvent, int]]:
    """Yield the file's events, each with the offset after it.

    Skips lines that are not complete events, as a full disk leaves them, or are nested too deeply.
    """
    end = _start_of_line(file, start)
    for line in file:
        if not line.endswith(b"\n"):
            return
        end += len(line)
        try:
            event = _parse(line)
        except (RecursionError, ValueError):
            continue
        yield event, end


def _parse(line: bytes) -> LoggedEvent:
    # Browsers cannot parse NaN, so it becomes a string.
    content = json.loads(line, parse_constant=str)
    timestamp = datetime.fromisoformat(content.pop("timestamp"))
    return LoggedEvent(timestamp=timestamp, **content)


def _start_of_line(file: BinaryIO, offset: int) -> int:
    """Return the offset, or 0 if no line begins there.

    The offset then belongs to a deleted file whose inode this file has.
    """
    file.seek(max(offset - 1, 0))
    if offset and file.read(1) == b"\n":
        return offset
    return file.seek(0)


def _append(path: Path, line: bytes) -> None:
    """Append the line in one write, so that lines of several processes do not mix."""
    with path.open("ab", buffering=0) as file:
        file.write(line)
        is_too_long = file.tell() > MAX_BYTES
    if is_too_long:
        _rotate(path)


def _rotate(path: Path) -> None:
    with FileLock(f"{path}.lock", timeout=_LOCK_TIMEOUT):
        # Another process may have rotated it already.
        if path.exists() and path.stat().st_size > MAX_BYTES:
            path.replace(_rotated(path))


def _rotated(path: Path) -> Path:
    return Path(f"{path}.1")


@cache
def _report_once(path: Path, reason: str) -> None:
    log.error("Cannot write to the event log %s: %s. The events page lacks events.", path, reason)
