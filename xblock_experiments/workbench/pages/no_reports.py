"""The page of a course's reports on a site that lacks apps which reports need."""

from __future__ import annotations

from django.apps import apps
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from xblock_experiments.settings.tasks import APPS
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.pages.for_staff import for_staff
from xblock_experiments.workbench.pages.frame import page_context
from xblock_experiments.workbench.requests.visitor import Visitor


def missing_apps() -> list[str]:
    """Return the apps that reports need and that INSTALLED_APPS lacks."""
    return [name for name in ("xblock_experiments.jobs", *APPS) if not apps.is_installed(name)]


@require_safe
@for_staff
def show(request: HttpRequest, course: CourseBlocks, visitor: Visitor) -> HttpResponseBase:
    """Say what to add."""
    context = {**page_context(), "course": course, "missing": missing_apps(), "visitor": visitor}
    return render(request, "xblock_experiments/no_reports.html", context)
