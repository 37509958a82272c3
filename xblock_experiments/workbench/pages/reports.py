"""The page of a course's reports, which staff create, watch and download."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from xblock_experiments.jobs import api
from xblock_experiments.jobs.data import Job, JobIsActive, NoFile, NoSuchJob, NoSuchKind, State
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.hosting.i18n import translations_of
from xblock_experiments.workbench.pages.for_staff import for_staff
from xblock_experiments.workbench.pages.frame import page_context
from xblock_experiments.workbench.pages.report_rows import Row, offers
from xblock_experiments.workbench.requests.visitor import Visitor

PATIENCE = timedelta(seconds=10)
"""The time after which a waiting job means that no worker runs."""


@require_safe
@never_cache
@for_staff
def show(request: HttpRequest, course: CourseBlocks, visitor: Visitor) -> HttpResponseBase:
    now = timezone.now()
    jobs = api.get_jobs(course.course_id)
    context = {
        **page_context(),
        "course": course,
        "is_stuck": is_stuck(jobs, now),
        "offers": offers(),
        "rows": [Row.of(job, now) for job in jobs],
        "visitor": visitor,
    }
    return render(request, "xblock_experiments/reports.html", context)


@require_safe
@never_cache
@for_staff
def watch(request: HttpRequest, course: CourseBlocks, visitor: Visitor) -> HttpResponseBase:
    """Return the jobs as JSON, each with its row in the list."""
    now = timezone.now()
    jobs = api.get_jobs(course.course_id)
    context = {**page_context(), "course": course, "visitor": visitor}
    rows = [Row.of(job, now) for job in jobs]
    shown = [
        {
            **row.to_json(),
            "html": render_to_string(
                "xblock_experiments/report.html", {**context, "row": row}, request
            ),
        }
        for row in rows
    ]
    return JsonResponse(
        {
            "is_active": any(job.is_active for job in jobs),
            "is_stuck": is_stuck(jobs, now),
            "jobs": shown,
        }
    )


@require_POST
@for_staff
def create(request: HttpRequest, course: CourseBlocks, visitor: Visitor) -> HttpResponseBase:
    kind, form = request.POST.get("kind", ""), request.POST.get("form", "")
    try:
        api.start(course.course_id, kind, form, actor=visitor.user_id)
    except NoSuchKind as error:
        raise Http404 from error
    except JobIsActive:
        sentence = translations_of().gettext(
            "This report is being created already. Wait for it, or cancel it first."
        )
        messages.warning(request, sentence)
    return _back(course, visitor)


@require_POST
@for_staff
def cancel(
    request: HttpRequest, course: CourseBlocks, visitor: Visitor, job_id: int
) -> HttpResponseBase:
    try:
        api.cancel(course.course_id, job_id)
    except NoSuchJob as error:
        raise Http404 from error
    return _back(course, visitor)


@require_safe
@for_staff
def download(
    request: HttpRequest, course: CourseBlocks, visitor: Visitor, job_id: int
) -> HttpResponseBase:
    """Return the file. Neither the browser nor a proxy keeps it, since it is about learners."""
    try:
        file = api.open_file(course.course_id, job_id)
    except (NoFile, NoSuchJob, NoSuchKind) as error:
        raise Http404 from error
    return FileResponse(
        file.stream,
        as_attachment=True,
        filename=f"{course.name}-{file.name}",
        content_type=file.media_type,
        headers={
            "Cache-Control": "private, no-store",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
        },
    )


def is_stuck(jobs: Sequence[Job], now: datetime) -> bool:
    """Return whether a job waits although no worker is busy, so that none seems to run."""
    is_late = any(
        job.is_interrupted(now) or (job.state is State.WAITING and now - job.heartbeat > PATIENCE)
        for job in jobs
    )
    return is_late and not api.has_busy_worker()


def _back(course: CourseBlocks, visitor: Visitor) -> HttpResponseBase:
    query = urlencode({"student": visitor.user_id})
    return redirect(f"{reverse('reports', args=(course.name,))}?{query}")
