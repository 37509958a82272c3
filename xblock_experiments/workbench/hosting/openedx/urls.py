"""Addresses that Open edX's own blocks ask for."""

from __future__ import annotations

from typing import NoReturn

from django.http import Http404, HttpRequest, JsonResponse
from django.urls import path

from xblock_experiments.workbench.hosting.openedx.styles import openedx_style


def _nothing(request: HttpRequest, film_id: str) -> NoReturn:
    raise Http404


urlpatterns = [
    # VideoBlock's player asks how long a film is. Nobody is asked for it outside this machine.
    path("courses/yt_video_metadata", lambda request: JsonResponse({"items": []})),
    path("style/<str:block_type>/<path:uri>", openedx_style, name="openedx_style"),
    # Each film of VideoBlock tells this address of its own, at which nobody looks.
    path("films/<path:film_id>", _nothing, name="video-detail"),
]
