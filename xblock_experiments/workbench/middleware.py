"""Middleware that prepares each request to the workbench."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils import translation
from workbench.views import get_student_id

from xblock_experiments import events
from xblock_experiments.keys.usage import as_usage_id, course_id_of
from xblock_experiments.workbench.courses.registry import registry
from xblock_experiments.workbench.pages.scenarios import get_scenarios


def load_scenarios(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Load the scenarios before any request.

    The SDK loads them with its first page, and finds no block's handler until then.
    """

    def respond(request: HttpRequest) -> HttpResponseBase:
        # Problems of courses are reported in the default language, not in the first visitor's.
        with translation.override(settings.LANGUAGE_CODE):
            get_scenarios()
        return get_response(request)

    return respond


def knows_the_learner(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Add the context of the learner whom the URL names to every event of a request."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        try:
            names = resolve(request.path_info).kwargs
        except Resolver404:
            return get_response(request)
        course_id = _course_id_in(names)
        if course_id is None:
            return get_response(request)
        user_id = names.get("user_id", get_student_id(request))
        with events.user_context(course_id, str(user_id)):
            return get_response(request)

    return respond


def _course_id_in(names: Mapping[str, Any]) -> str | None:
    if "usage_id" in names:
        return course_id_of(as_usage_id(names["usage_id"]))
    name = names.get("scenario_id", names.get("name", "")).partition(".")[0]
    course = registry.named(name)
    return course.course_id if course else name or None
