"""The log of what the workbench's page of events shows: a line of JSON each, of all processes.

When it is long it is put aside, under its name and `.1`, in place of what was there.
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

LONG = 4 * 2**20
"""Bytes."""
_PATIENCE = 1.0
"""Seconds that one waits for another who puts the log aside."""
_PLACE = re.compile("([0-9]{1,20})-([0-9]{1,18})")
"""The inode of a file, and how many bytes of it were read."""


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event of ours or of any block."""

    name: str
    timestamp: datetime
    data: dict[str, Any]
    context: dict[str, Any]

    @property
    def course_id(self) -> str:
        """Empty where it belongs to no course."""
        return self._first("course_id")

    @property
    def user_id(self) -> str:
        """Empty where nobody is known."""
        return self._first("user_id")

    def _first(self, key: str) -> str:
        """What data says may be any block's own idea of it."""
        values = (self.context.get(key), self.data.get(key))
        return next((str(value) for value in values if value is not None), "")


def is_wanted() -> bool:
    return bool(setting("EVENT_LOG"))


def log_event(
    *, event: Any, context: Mapping[str, Any], timestamp: datetime, **signal: Any
) -> None:
    """Receives `emitted`. Whatever becomes of the log, the request goes on."""
    if not is_wanted():
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
        _complain_once(path, str(error))


def read(after: str = "") -> Iterator[tuple[LoggedEvent, str]]:
    """Oldest first, each with the place in the log after it.

    After a place that is gone, or none, all that there is. Raises OSError.
    """
    match = _PLACE.fullmatch(after)
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
    """By their inodes, the older one first."""
    found: dict[int, BinaryIO] = {}
    path = Path(setting("EVENT_LOG"))
    with ExitStack() as stack:
        # The newer one first: what is put aside meanwhile is met twice, and not missed.
        for each in (path, _aside(path)):
            with suppress(FileNotFoundError):
                file = stack.enter_context(each.open("rb"))
                found.setdefault(os.fstat(file.fileno()).st_ino, file)
        yield dict(reversed(found.items()))


def _read_file(file: BinaryIO, start: int) -> Iterator[tuple[LoggedEvent, int]]:
    """Without what is no whole event, as a full disk leaves it, or too deep to be read."""
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
    # No browser reads NaN.
    content = json.loads(line, parse_constant=str)
    timestamp = datetime.fromisoformat(content.pop("timestamp"))
    return LoggedEvent(timestamp=timestamp, **content)


def _start_of_line(file: BinaryIO, offset: int) -> int:
    """Where no line begins at the offset, it was of another file, and this one has its inode."""
    file.seek(max(offset - 1, 0))
    if offset and file.read(1) == b"\n":
        return offset
    return file.seek(0)


def _append(path: Path, line: bytes) -> None:
    """In one write, so that those of several processes do not mix."""
    with path.open("ab", buffering=0) as file:
        file.write(line)
        is_long = file.tell() > LONG
    if is_long:
        _put_aside(path)


def _put_aside(path: Path) -> None:
    with FileLock(f"{path}.lock", timeout=_PATIENCE):
        # Another process may have done it already.
        if path.exists() and path.stat().st_size > LONG:
            path.replace(_aside(path))


def _aside(path: Path) -> Path:
    return Path(f"{path}.1")


@cache
def _complain_once(path: Path, reason: str) -> None:
    log.error(
        "Events are missing from the log %s: %s. The page of events lacks them.", path, reason
    )
