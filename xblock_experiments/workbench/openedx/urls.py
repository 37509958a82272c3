"""Addresses that Open edX's own blocks ask for."""

from __future__ import annotations

from django.http import JsonResponse
from django.urls import include, path

from xblock_experiments.workbench.openedx.styles import openedx_style

urlpatterns = [
    # VideoBlock's player asks how long a film is. Nobody is asked for it outside this machine.
    path("courses/yt_video_metadata", lambda request: JsonResponse({"items": []})),
    path("style/<str:block_type>/<path:uri>", openedx_style, name="openedx_style"),
    # Each film of VideoBlock knows its own.
    path("films/", include("edxval.urls")),
]
