"""The URLs of the workbench: ours for blocks, courses and events, and then the SDK's."""

from __future__ import annotations

from typing import Any

from django.urls import include, path, re_path, register_converter
from django.views.i18n import set_language
from django.views.static import serve
from workbench.urls import urlpatterns as sdk_patterns

from xblock_experiments.settings.openedx_blocks import ARE_INSTALLED
from xblock_experiments.workbench import converters
from xblock_experiments.workbench.pages import answers, events_page, index, progress, views

register_converter(converters.Handler, "handler")
register_converter(converters.PreviewText, "preview")
register_converter(converters.Suffix, "suffix")
register_converter(converters.UsageId, "usage")
register_converter(converters.UserId, "user")

_SCENARIO = r"(?P<scenario_id>[^/]+)/(?:(?P<view_name>[^/]+)/)?$"
_HANDLER = "handler/<usage:usage_id>/<handler:handler_slug>"
_LEARNER = f"learner/<user:user_id>/{_HANDLER}"
_PREVIEW = "preview/<preview:preview>/"

_SDK: list[Any] = [each for each in sdk_patterns if getattr(each, "callback", None) is not serve]
"""The SDK's URLs without the one for uploads, which would serve all files in the working folder."""

urlpatterns = [
    path("", index.show, name="workbench_index"),
    path("reset_state", answers.ask, name="reset_state"),
    path("reset_state/delete", answers.delete, name="delete_answers"),
    path("resource/<str:block_type>/<path:resource>", views.package_resource),
    path("userlist/", answers.user_list, name="userlist"),
    path("courses/<str:name>/export/", views.export, name="course_export"),
    path("courses/<str:name>/preview/", views.preview, name="preview"),
    path("courses/<str:name>/progress/", progress.show, name="progress"),
    path("courses/<str:name>/reports/", include("xblock_experiments.workbench.pages.report_urls")),
    path("courses/<str:name>/static/<path:path>", views.course_static, name="course_static"),
    path("experiments/events", events_page.show, name="events"),
    path("experiments/events/since", events_page.since, name="events_since"),
    path("language/", set_language, name="set_language"),
    path(_LEARNER, views.handle, name="learner_handler"),
    path(f"{_LEARNER}/<suffix:suffix>", views.handle, name="learner_handler"),
    path(_HANDLER, views.handle),
    path(f"{_HANDLER}/<suffix:suffix>", views.handle),
    path(f"{_PREVIEW}{_LEARNER}", views.handle, name="preview_learner_handler"),
    path(f"{_PREVIEW}{_LEARNER}/<suffix:suffix>", views.handle, name="preview_learner_handler"),
    path(f"{_PREVIEW}{_HANDLER}", views.handle, name="preview_handler"),
    path(f"{_PREVIEW}{_HANDLER}/<suffix:suffix>", views.handle),
    re_path(rf"^scenario/{_SCENARIO}", views.show),
    re_path(rf"^view/{_SCENARIO}", views.show, {"template": "workbench/blockview.html"}),
    path("", include(_SDK)),
]
if ARE_INSTALLED:
    urlpatterns[:0] = [path("", include("xblock_experiments.workbench.hosting.openedx.urls"))]
