"""The SDK's addresses, and the files of courses."""

from __future__ import annotations

from django.urls import include, path

from xblock_experiments.workbench.views import course_static

urlpatterns = [
    path("courses/<str:name>/static/<path:path>", course_static, name="course_static"),
    path("", include("workbench.urls")),
]
