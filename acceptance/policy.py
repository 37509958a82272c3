"""The strictest Content-Security-Policy, set for requests that have a cookie."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

COOKIE = "strict_policy"
_POLICY = "; ".join(
    [
        "default-src 'none'",
        "connect-src 'self'",
        "form-action 'self'",
        "img-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
    ]
)


def obey_policy(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    def respond(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if COOKIE in request.COOKIES:
            response.headers["Content-Security-Policy"] = _POLICY
        return response

    return respond
