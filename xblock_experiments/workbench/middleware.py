"""Has all scenarios and courses ready whatever page is asked for first."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from xblock_experiments.workbench.scenarios import get_scenarios


def have_scenarios_ready(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """The SDK reads them with its first page, and until then does not know any block's handler."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        get_scenarios()
        return get_response(request)

    return respond
