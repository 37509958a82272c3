"""Has all scenarios and courses ready whatever page is asked for first."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation

from xblock_experiments.workbench.scenarios import get_scenarios


def have_scenarios_ready(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """The SDK reads them with its first page, and until then does not know any block's handler."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        # What is wrong with a course is told in one language, whoever asks first.
        with translation.override(settings.LANGUAGE_CODE):
            get_scenarios()
        return get_response(request)

    return respond
