"""Sending statements of xAPI to a learning record store."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from xblock_experiments.errors import NotSent
from xblock_experiments.events.xapi import VERSION, statement
from xblock_experiments.settings.common import setting

if TYPE_CHECKING:
    from xblock_experiments.events.models import WaitingEvent

_NEEDED = ("KEY", "LMS_ROOT_URL", "LRS_URL")
_SECONDS = 10
"""How long the store may take to answer."""
_MOST_SAID = 300
"""Bytes of an answer that are shown."""
_REFUSALS = (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
"""Answers to many statements for which perhaps only one of them is to blame."""


def send(page: Iterable[WaitingEvent]) -> Iterator[Sequence[WaitingEvent]]:
    """All at once; one by one where the store refuses them, to know which. Raises NotSent."""
    if flaw := flaw_of_settings():
        raise NotSent(flaw)
    return _send(list(page))


def flaw_of_settings() -> str | None:
    """What keeps statements from being made or sent; None where nothing does."""
    settings = setting("XAPI")
    for name in _NEEDED:
        if not isinstance(settings.get(name), str) or not settings[name]:
            return f'XBLOCK_EXPERIMENTS["XAPI"] needs a text {name}.'
    for name in ("LMS_ROOT_URL", "LRS_URL"):
        if not settings[name].startswith(("http://", "https://")):
            return f'{name} of XBLOCK_EXPERIMENTS["XAPI"] is no address: {settings[name]!r}.'
    return None


def _send(rows: Sequence[WaitingEvent]) -> Iterator[Sequence[WaitingEvent]]:
    status, said = _post([_statement(row) for row in rows])
    is_known = status == HTTPStatus.CONFLICT and len(rows) == 1
    if HTTPStatus(status).is_success or is_known:
        yield rows
    elif status in _REFUSALS and len(rows) > 1:
        for row in rows:
            yield from _send([row])
    else:
        which = rows[0].event_id
        msg = f"The learning record store answers {status} to event {which}. It says {said!r}."
        raise NotSent(msg)


def _statement(row: WaitingEvent) -> dict[str, Any]:
    settings = setting("XAPI")
    return statement(
        row.name,
        json.loads(row.payload),
        json.loads(row.context),
        event_id=row.event_id,
        timestamp=row.created,
        lms_root_url=settings["LMS_ROOT_URL"],
        key=settings["KEY"],
    )


class _NoRedirects(HTTPRedirectHandler):
    """A redirected POST would come as a GET, whose answer says nothing of the statements."""

    def redirect_request(self, *args: Any) -> None:
        return None


def _post(statements: Sequence[dict[str, Any]]) -> tuple[int, str]:
    """The status of the answer and the beginning of its text. Raises NotSent where none came."""
    settings = setting("XAPI")
    headers = {"Content-Type": "application/json", "X-Experience-API-Version": VERSION}
    if auth := settings.get("LRS_AUTH"):
        headers["Authorization"] = f"Basic {b64encode(auth.encode()).decode()}"
    url = f"{settings['LRS_URL'].rstrip('/')}/statements"
    request = Request(url, json.dumps(statements).encode(), headers)  # noqa: S310 - checked above
    try:
        with build_opener(_NoRedirects).open(request, timeout=_SECONDS) as answer:
            return answer.status, ""
    except HTTPError as error:
        with error:
            return error.code, error.read(_MOST_SAID).decode(errors="replace")
    except (OSError, HTTPException) as error:
        msg = f"The learning record store at {url} cannot be reached: {error}."
        raise NotSent(msg) from error
