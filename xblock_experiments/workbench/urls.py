"""The SDK's addresses, of which those of blocks are ours, and the files of courses."""

from __future__ import annotations

from django.urls import include, path, re_path

from xblock_experiments.settings.openedx_blocks import ARE_INSTALLED
from xblock_experiments.workbench.pages import events_page, views

_SCENARIO = r"(?P<scenario_id>[^/]+)/(?:(?P<view_name>[^/]+)/)?$"
_HANDLER = r"handler/(?P<usage_id>[^/]+)/(?P<handler_slug>[^/]*)(?:/(?P<suffix>.*))?$"

urlpatterns = [
    path("courses/<str:name>/export/", views.export, name="course_export"),
    path("courses/<str:name>/preview/", views.preview, name="preview"),
    path("courses/<str:name>/static/<path:path>", views.course_static, name="course_static"),
    path("experiments/events", events_page.show, name="events"),
    path("experiments/events/since", events_page.since, name="events_since"),
    re_path(
        rf"^learner/(?P<user_id>[^/]*)/{_HANDLER}", views.learner_handler, name="learner_handler"
    ),
    re_path(rf"^{_HANDLER}", views.handle),
    re_path(rf"^scenario/{_SCENARIO}", views.show),
    re_path(rf"^view/{_SCENARIO}", views.show, {"template": "workbench/blockview.html"}),
    path("", include("workbench.urls")),
]
if ARE_INSTALLED:
    urlpatterns[:0] = [path("", include("xblock_experiments.workbench.hosting.openedx.urls"))]
