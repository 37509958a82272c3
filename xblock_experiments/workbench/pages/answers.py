"""Deleting the answers of all users, after a question, and the list of users with answers."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe
from workbench.models import XBlockState

from xblock_experiments.settings.common import setting
from xblock_experiments.workbench.hosting.i18n import translations_of
from xblock_experiments.workbench.pages.frame import page_context
from xblock_experiments.workbench.pages.scenarios import delete_answers


@csrf_exempt
def ask(request: HttpRequest) -> HttpResponse:
    """Ask before anything is deleted, or say what was deleted.

    The SDK's own pages send their users here by POST, without a token.
    """
    context = {**page_context(), "next": _next_of(request)}
    return render(request, "xblock_experiments/reset.html", context)


@require_POST
@csrf_protect
def delete(request: HttpRequest) -> HttpResponse:
    """Delete the answers of all users in all courses."""
    count = len(_users() - {*setting("STAFF")})
    delete_answers()
    message = translations_of().gettext(
        "All learners' answers are deleted. Learners who had answers: {count}. "
        "Groups, scores and tags are kept."
    )
    messages.success(request, message.format(count=count))
    back = urlencode({"next": request.POST.get("next", "")})
    return redirect(f"{reverse('reset_state')}?{back}")


@require_safe
def user_list(request: HttpRequest) -> JsonResponse:
    """Return the ids of all users who have state, as JSON."""
    return JsonResponse(sorted(_users()), safe=False)


def _users() -> set[str]:
    rows = XBlockState.objects.exclude(state="{}")
    found = rows.order_by().values_list("user_id", flat=True).distinct()
    return {user_id for user_id in found if user_id is not None}


def _next_of(request: HttpRequest) -> str:
    """Return the address of the page to which the user goes back, or "" if it is unknown."""
    target = request.GET.get("next") or request.headers.get("Referer", "")
    is_here = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return target if is_here else ""
