"""Handlers that only staff may call, and helpers for their requests and responses."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from webob import Response
from xblock.core import XBlock
from xblock.exceptions import JsonHandlerError

from xblock_experiments.people import is_staff

Handler = Callable[[Any, Any, str], Response]


def staff_handler(method: Handler) -> Any:
    """Turn a method into a handler that accepts only POST requests from staff."""

    @XBlock.handler
    @wraps(method)
    def handler(self: Any, request: Any, suffix: str = "") -> Response:
        if request.method != "POST":
            return Response(status=405, allow=["POST"])
        if not is_staff(self):
            _ = self.gettext
            return refusal(
                403, _("Only staff can do this, and not during a preview of the course.")
            )
        try:
            return method(self, request, suffix)
        except JsonHandlerError as error:
            response: Response = error.get_response()
            return response

    return handler


def refusal(status: int, message: str, **more: Any) -> Response:
    body = {"error": message, **more}
    return Response(status=status, json_body=body, charset="UTF-8")


def answer(**values: Any) -> Response:
    return Response(json_body=values, charset="UTF-8")


def json_of(request: Any, block: Any) -> dict[str, Any]:
    """Return the JSON object in the request's body. Raises JsonHandlerError if there is none."""
    try:
        data = json.loads(request.body)
    except (RecursionError, ValueError):
        data = None
    if not isinstance(data, dict):
        raise JsonHandlerError(400, block.gettext("The request cannot be read."))
    return data
