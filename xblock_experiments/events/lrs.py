"""The sender of xAPI statements to a learning record store."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any
from urllib.request import HTTPErrorProcessor, Request, build_opener

from xblock_experiments.errors import NotSent
from xblock_experiments.events.row_format import convert_payload
from xblock_experiments.events.xapi import VERSION, statement
from xblock_experiments.settings.common import setting

if TYPE_CHECKING:
    from xblock_experiments.events.models import WaitingEvent

_NEEDED = ("KEY", "LMS_ROOT_URL", "LRS_URL")
_TIMEOUT = 10
"""The timeout of a request to the store, in seconds."""
_MAX_BYTES = 2**16
"""The maximum of bytes read from an answer. The ids of a full page are less than 4 KiB."""
_MAX_QUOTED = 300
"""The maximum of an answer's characters that an error message quotes."""


def send(page: Iterable[WaitingEvent]) -> Iterator[Sequence[WaitingEvent]]:
    """Send all events in one request, or one by one if that fails. Raises NotSent."""
    if flaw := flaw_of_settings():
        raise NotSent(flaw)
    return _send(list(page))


def flaw_of_settings() -> str | None:
    """Return why the settings keep statements from being sent, or None if they do not."""
    settings = setting("XAPI")
    for name in _NEEDED:
        if not isinstance(settings.get(name), str) or not settings[name]:
            return f'XBLOCK_EXPERIMENTS["XAPI"] needs a text for {name}.'
    if not isinstance(settings.get("LRS_AUTH", ""), str | None):
        return 'LRS_AUTH of XBLOCK_EXPERIMENTS["XAPI"] must be a text: "name:password".'
    for name in ("LMS_ROOT_URL", "LRS_URL"):
        if not settings[name].startswith(("http://", "https://")):
            return f'{name} of XBLOCK_EXPERIMENTS["XAPI"] is not a URL: {settings[name]!r}.'
    return None


def _send(rows: Sequence[WaitingEvent]) -> Iterator[Sequence[WaitingEvent]]:
    try:
        _deliver(rows)
    except NotSent:
        if len(rows) <= 1:
            raise
        for row in rows:
            yield from _send([row])
    else:
        yield rows


def _deliver(rows: Sequence[WaitingEvent]) -> None:
    """Send the events. Raises NotSent, with the event's id if there is only one."""
    statements = [_statement(row) for row in rows]
    which = rows[0].event_id
    try:
        status, body = _post(statements)
    # Invalid URLs raise different subclasses of ValueError in different places.
    except (OSError, HTTPException, ValueError) as error:
        url = setting("XAPI")["LRS_URL"]
        msg = f"Cannot reach the learning record store at {url} for event {which}: {error}."
        raise NotSent(msg) from error
    is_known = status == HTTPStatus.CONFLICT and len(rows) == 1
    if not is_known and not _is_confirmed(statements, status, body):
        msg = f"The learning record store answers {status} to event {which}."
        raise NotSent(f"{msg} {_quote_answer(status, body)}")


def _statement(row: WaitingEvent) -> dict[str, Any]:
    settings = setting("XAPI")

    def make(payload: Mapping[str, Any]) -> dict[str, Any]:
        return statement(
            row.name,
            payload,
            json.loads(row.context),
            event_id=row.event_id,
            timestamp=row.created,
            lms_root_url=settings["LMS_ROOT_URL"],
            key=settings["KEY"],
        )

    return convert_payload(row, make)


def _is_confirmed(statements: Sequence[Mapping[str, Any]], status: int, body: bytes) -> bool:
    """Return whether the answer confirms all statements.

    A learning record store answers with the ids that it stored. Other servers do not.
    """
    if status == HTTPStatus.NO_CONTENT:
        # Ralph answers this if it stored all of the statements before.
        return True
    if not 200 <= status < 300:
        return False
    try:
        ids = json.loads(body)
    except (ValueError, RecursionError):
        return False
    sent = {made["id"] for made in statements}
    return isinstance(ids, list) and sent <= {str(id).lower() for id in ids}


def _quote_answer(status: int, body: bytes) -> str:
    hint = " Is LRS_URL the endpoint of a store?" if 200 <= status < 300 else ""
    return f"It says {body.decode(errors='replace')[:_MAX_QUOTED]!r}.{hint}"


class _EveryAnswer(HTTPErrorProcessor):
    """A processor that returns every answer unchanged. A redirect would turn POST into GET."""

    def http_response(self, request: Request, response: HTTPResponse) -> HTTPResponse:
        return response

    https_response = http_response


def _post(statements: Sequence[Mapping[str, Any]]) -> tuple[int, bytes]:
    """Send the statements, and return the answer's status and body."""
    settings = setting("XAPI")
    headers = {"Content-Type": "application/json", "X-Experience-API-Version": VERSION}
    if auth := settings.get("LRS_AUTH"):
        headers["Authorization"] = f"Basic {b64encode(auth.encode()).decode()}"
    url = f"{settings['LRS_URL'].rstrip('/')}/statements"
    request = Request(url, json.dumps(statements).encode(), headers)  # noqa: S310 - checked above
    with build_opener(_EveryAnswer).open(request, timeout=_TIMEOUT) as answer:
        return answer.status, answer.read(_MAX_BYTES)
