"""Middleware that adds the user's groups and tags to every event of a request to a course."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey

from xblock_experiments.events.contexts import user_context
from xblock_experiments.keys.usage import course_id_of, plain_course_id

type GetResponse = Callable[[HttpRequest], HttpResponseBase]

_OLD_COURSE = re.compile(r"/courses?/(?P<course_id>[^/:]+/[^/:]+/[^/:]+)(?:/|$)")


def knows_the_user(get_response: GetResponse) -> GetResponse:
    """Add the user's context to the request's events.

    For sites with accounts whose URLs contain course or usage keys, such as Open edX. Place this
    after the middleware that authenticates the user.
    """

    def respond(request: HttpRequest) -> HttpResponseBase:
        course_id = course_id_in(request.path_info)
        if course_id is None:
            return get_response(request)
        with user_context(course_id, _user_id(request)):
            return get_response(request)

    return respond


def course_id_in(path: str) -> str | None:
    """Return the course of the path's first key. Open edX looks behind `/courses/` only."""
    for part in path.split("/"):
        if ":" in part and (found := _course_id_of(part)):
            return found
    old = _OLD_COURSE.search(path)
    return _course_id_of(old["course_id"]) if old else None


def _course_id_of(text: str) -> str | None:
    for kind in (CourseKey, UsageKey):
        try:
            key = kind.from_string(text)
        except InvalidKeyError:
            continue
        return plain_course_id(key) if kind is CourseKey else course_id_of(key)
    return None


def _user_id(request: HttpRequest) -> str | None:
    user = getattr(request, "user", None)
    return str(user.pk) if user is not None and user.is_authenticated else None
