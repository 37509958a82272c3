"""Views of a course that only its staff can see."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase

from workbench import views as sdk
from xblock_experiments.workbench.courses.registry import registry
from xblock_experiments.workbench.pages.refused import refused
from xblock_experiments.workbench.requests.visitor import Visitor

type View = Callable[..., HttpResponseBase]


def for_staff(view: View) -> View:
    """Restrict a view to the course's staff, and give it the course and the visitor.

    Learners are refused before anything is looked up, so they cannot tell which reports exist.
    """

    @wraps(view)
    def respond(request: HttpRequest, name: str, **address: Any) -> HttpResponseBase:
        course = registry.named(name)
        if course is None:
            raise Http404
        visitor = Visitor.of(request, _user_id(request), course)
        return view(request, course, visitor, **address) if visitor.is_staff else refused(request)

    return respond


def _user_id(request: HttpRequest) -> str:
    if request.method == "POST":
        return request.POST.get("student", "")
    user_id: str = sdk.get_student_id(request)
    return user_id
