"""The answer to requests whose session has expired, so that their token is missing or wrong."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from xblock_experiments.workbench.hosting.i18n import translations_of
from xblock_experiments.workbench.pages.frame import page_context


def show(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that the session has expired: on a page for a form, and as JSON for a script.

    The answer has a new token, so that a script succeeds with its next attempt.
    """
    get_token(request)
    if "text/html" in request.headers.get("Accept", ""):
        context = {**page_context(), "back": _page_of(request)}
        return render(request, "xblock_experiments/expired.html", context, status=403)
    sentence = translations_of().gettext(
        "Your session had expired, so nothing was saved. Please try again."
    )
    return JsonResponse({"error": sentence, "is_expired": True}, status=403)


def _page_of(request: HttpRequest) -> str:
    """Return the address of the page that has the form, or of the first page."""
    page = request.headers.get("Referer", "")
    is_here = url_has_allowed_host_and_scheme(page, allowed_hosts={request.get_host()})
    return page if is_here else reverse("workbench_index")
