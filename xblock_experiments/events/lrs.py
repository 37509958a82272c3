"""Sending statements of xAPI to a learning record store."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any
from urllib.request import HTTPErrorProcessor, Request, build_opener

from xblock_experiments.errors import NotSent
from xblock_experiments.events.waiting import telling
from xblock_experiments.events.xapi import VERSION, statement
from xblock_experiments.settings.common import setting

if TYPE_CHECKING:
    from xblock_experiments.events.models import WaitingEvent

_NEEDED = ("KEY", "LMS_ROOT_URL", "LRS_URL")
_SECONDS = 10
"""How long the store may take to answer."""
_MOST_READ = 2**16
"""Bytes of an answer: a page's ids are less than 4 KiB."""
_MOST_SAID = 300
"""Characters of an answer that are shown."""


def send(page: Iterable[WaitingEvent]) -> Iterator[Sequence[WaitingEvent]]:
    """All at once; one by one where they are not taken so, to know why not. Raises NotSent."""
    if flaw := flaw_of_settings():
        raise NotSent(flaw)
    return _send(list(page))


def flaw_of_settings() -> str | None:
    """What keeps statements from being made or sent; None where nothing does."""
    settings = setting("XAPI")
    for name in _NEEDED:
        if not isinstance(settings.get(name), str) or not settings[name]:
            return f'XBLOCK_EXPERIMENTS["XAPI"] needs a text {name}.'
    if not isinstance(settings.get("LRS_AUTH", ""), str | None):
        return 'LRS_AUTH of XBLOCK_EXPERIMENTS["XAPI"] must be a text: "name:password".'
    for name in ("LMS_ROOT_URL", "LRS_URL"):
        if not settings[name].startswith(("http://", "https://")):
            return f'{name} of XBLOCK_EXPERIMENTS["XAPI"] is no address: {settings[name]!r}.'
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
    """Raises NotSent, which names the event if it is one."""
    statements = [_statement(row) for row in rows]
    which = rows[0].event_id
    try:
        status, said = _post(statements)
    # What is no address is found in many places: each has a ValueError of its own.
    except (OSError, HTTPException, ValueError) as error:
        url = setting("XAPI")["LRS_URL"]
        msg = f"The learning record store at {url} cannot be reached, for event {which}: {error}."
        raise NotSent(msg) from error
    is_known = status == HTTPStatus.CONFLICT and len(rows) == 1
    if not is_known and not _has_taken(statements, status, said):
        msg = f"The learning record store answers {status} to event {which}."
        raise NotSent(f"{msg} {_what_it_says(status, said)}")


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

    return telling(row, make)


def _has_taken(statements: Sequence[Mapping[str, Any]], status: int, said: bytes) -> bool:
    """A store answers with the ids of what it has taken: whatever else answers does not."""
    if status == HTTPStatus.NO_CONTENT:
        # Ralph's answer, if it had all of them before.
        return True
    if not 200 <= status < 300:
        return False
    try:
        ids = json.loads(said)
    except (ValueError, RecursionError):
        return False
    sent = {made["id"] for made in statements}
    return isinstance(ids, list) and sent <= {str(id).lower() for id in ids}


def _what_it_says(status: int, said: bytes) -> str:
    hint = " Is LRS_URL the endpoint of a store?" if 200 <= status < 300 else ""
    return f"It says {said.decode(errors='replace')[:_MOST_SAID]!r}.{hint}"


class _EveryAnswer(HTTPErrorProcessor):
    """Gives out each answer as it is, redirects too: their POST would become a GET."""

    def http_response(self, request: Request, response: HTTPResponse) -> HTTPResponse:
        return response

    https_response = http_response


def _post(statements: Sequence[Mapping[str, Any]]) -> tuple[int, bytes]:
    """The status of the answer and what it says."""
    settings = setting("XAPI")
    headers = {"Content-Type": "application/json", "X-Experience-API-Version": VERSION}
    if auth := settings.get("LRS_AUTH"):
        headers["Authorization"] = f"Basic {b64encode(auth.encode()).decode()}"
    url = f"{settings['LRS_URL'].rstrip('/')}/statements"
    request = Request(url, json.dumps(statements).encode(), headers)  # noqa: S310 - checked above
    with build_opener(_EveryAnswer).open(request, timeout=_SECONDS) as answer:
        return answer.status, answer.read(_MOST_READ)
