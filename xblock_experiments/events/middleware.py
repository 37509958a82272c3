"""Every event of a request to a course says where the request's user stands in it."""

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
    """For a site with accounts, whose addresses hold keys of courses or of blocks, as Open edX's.

    Belongs behind whatever finds out who the user is.
    """

    def respond(request: HttpRequest) -> HttpResponseBase:
        course_id = course_id_in(request.path_info)
        if course_id is None:
            return get_response(request)
        with user_context(course_id, _user_id(request)):
            return get_response(request)

    return respond


def course_id_in(path: str) -> str | None:
    """The course of the first key in the path. Open edX's own looks behind `/courses/` only."""
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
