"""Pages of the workbench that the SDK does not have."""

from __future__ import annotations

from urllib.parse import unquote

from django.http import Http404, HttpRequest, HttpResponseBase

from workbench import views as sdk
from xblock_experiments.workbench.ranges import file_response
from xblock_experiments.workbench.registry import registry


def course_static(request: HttpRequest, name: str, path: str) -> HttpResponseBase:
    """A file of a course. It is anyone's, so a browser is told to run nothing that is in it."""
    course = registry.named(name)
    file = course.static_file(path) if course else None
    if file is None:
        raise Http404
    return file_response(
        file,
        request.headers.get("Range", ""),
        {
            "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
            "X-Content-Type-Options": "nosniff",
        },
    )


def learner_handler(
    request: HttpRequest, user_id: str, usage_id: str, handler_slug: str, suffix: str = ""
) -> HttpResponseBase:
    """The SDK's view of handlers, of the user whom the path names."""
    query = request.GET.copy()
    query["student"] = unquote(user_id)
    request.GET = query  # type: ignore[assignment]
    response: HttpResponseBase = sdk.handler(request, usage_id, handler_slug, suffix)
    return response
