"""The SDK's addresses, and the files of courses."""

from __future__ import annotations

from django.urls import include, path, re_path

from xblock_experiments.settings.openedx_blocks import ARE_INSTALLED
from xblock_experiments.workbench.views import course_static, learner_handler

urlpatterns = [
    path("courses/<str:name>/static/<path:path>", course_static, name="course_static"),
    re_path(
        r"^learner/(?P<user_id>[^/]*)/handler/(?P<usage_id>[^/]+)/(?P<handler_slug>[^/]*)"
        r"(?:/(?P<suffix>.*))?$",
        learner_handler,
        name="learner_handler",
    ),
    path("", include("workbench.urls")),
]
if ARE_INSTALLED:
    urlpatterns[:0] = [path("", include("xblock_experiments.workbench.openedx.urls"))]
