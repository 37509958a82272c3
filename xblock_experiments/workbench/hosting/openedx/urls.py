"""URLs that Open edX's own blocks need."""

from __future__ import annotations

from typing import NoReturn

from django.http import Http404, HttpRequest, JsonResponse
from django.urls import path

from xblock_experiments.workbench.hosting.openedx.styles import openedx_style


def _not_found(request: HttpRequest, video_id: str) -> NoReturn:
    raise Http404


urlpatterns = [
    # VideoBlock's player requests the duration of a video. YouTube is not asked for it.
    path("courses/yt_video_metadata", lambda request: JsonResponse({"items": []})),
    path("style/<str:block_type>/<path:uri>", openedx_style, name="openedx_style"),
    # edxval reverses this URL for each of its videos. No page links to it.
    path("films/<path:video_id>", _not_found, name="video-detail"),
]
