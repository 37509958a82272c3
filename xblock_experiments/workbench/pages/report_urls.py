"""The URLs of a course's reports. Without the apps for jobs, a page says what to add."""

from __future__ import annotations

from django.urls import path

from xblock_experiments.workbench.pages import no_reports

if no_reports.missing_apps():
    urlpatterns = [path("", no_reports.show, name="reports")]
else:
    from xblock_experiments.workbench.pages import reports

    urlpatterns = [
        path("", reports.show, name="reports"),
        path("create", reports.create, name="create_report"),
        path("jobs", reports.watch, name="report_jobs"),
        path("<int:job_id>/cancel", reports.cancel, name="cancel_report"),
        path("<int:job_id>/file", reports.download, name="report_file"),
    ]
