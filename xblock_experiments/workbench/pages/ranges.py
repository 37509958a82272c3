"""Responses with a part of a file, which browsers request to jump within a video."""

from __future__ import annotations

import re
from collections.abc import Iterator
from mimetypes import guess_type
from pathlib import Path

from django.http import FileResponse, HttpResponse, HttpResponseBase, StreamingHttpResponse

_RANGE = re.compile(r"bytes=(?=.*[0-9])([0-9]{0,18})-([0-9]{0,18})")
_CHUNK = 64 * 1024


def file_response(file: Path, wanted: str, headers: dict[str, str]) -> HttpResponseBase:
    """Return the bytes that the header `Range` asks for, or all if it does not ask for one part."""
    size = file.stat().st_size
    bounds = _RANGE.fullmatch(wanted)
    if bounds is None:
        return FileResponse(file.open("rb"), headers={**headers, "Accept-Ranges": "bytes"})
    start, stop = _part(bounds[1], bounds[2], size)
    if start >= stop:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    return StreamingHttpResponse(
        _read(file, start, stop),
        status=206,
        headers={
            **headers,
            "Content-Length": str(stop - start),
            "Content-Range": f"bytes {start}-{stop - 1}/{size}",
            "Content-Type": guess_type(file.name)[0] or "application/octet-stream",
        },
    )


def _part(first: str, last: str, size: int) -> tuple[int, int]:
    """Return the first byte and the byte after the last one.

    If `first` is empty, `last` is a number of bytes at the end of the file.
    """
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1) if last else size


def _read(file: Path, start: int, stop: int) -> Iterator[bytes]:
    with file.open("rb") as opened:
        opened.seek(start)
        while start < stop and (chunk := opened.read(min(_CHUNK, stop - start))):
            start += len(chunk)
            yield chunk
