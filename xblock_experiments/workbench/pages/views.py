"""Pages of the workbench that the SDK lacks, or has for its own scenarios only."""

from __future__ import annotations

import tempfile
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST
from xblock.django.request import django_to_webob_request, webob_to_django_response
from xblock.exceptions import NoSuchUsage

from workbench import views as sdk
from xblock_experiments import events
from xblock_experiments.blocks.base.guard import Failed, guarded
from xblock_experiments.services.preview import Preview, parse
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.courses.registry import registry
from xblock_experiments.workbench.hosting.i18n import translations_of
from xblock_experiments.workbench.import_export.exporting import export_archive
from xblock_experiments.workbench.pages.addresses import learners_page
from xblock_experiments.workbench.pages.frame import Frame
from xblock_experiments.workbench.pages.ranges import file_response
from xblock_experiments.workbench.pages.refused import refused
from xblock_experiments.workbench.requests.access import is_staff_id
from xblock_experiments.workbench.requests.runtime import AUTHORS_VIEWS, ExperimentsRuntime
from xblock_experiments.workbench.requests.visitor import Visitor

_FRAME = "xblock_experiments/frame.html"


@ensure_csrf_cookie
def show(
    request: HttpRequest, scenario_id: str, view_name: str = "student_view", template: str = _FRAME
) -> HttpResponseBase:
    """Return our page of a course's block, or the SDK's page of one of its scenarios."""
    name, dot, address = scenario_id.partition(".")
    course = registry.named(name)
    if course is None:
        sdk_template = {} if template == _FRAME else {"template": template}
        response: HttpResponseBase = sdk.show_scenario(
            request, scenario_id, view_name, **sdk_template
        )
        return response
    usage_id = course.find(address) if dot else course.usage_id
    if usage_id is None:
        raise Http404
    visitor = Visitor.of(request, sdk.get_student_id(request), course)
    if view_name in AUTHORS_VIEWS:
        if not visitor.is_staff:
            return refused(request)
        visitor = visitor.without_preview(request, course)
    block = visitor.runtime().get_block(usage_id)
    frame = Frame(course, visitor, block, view_name)
    fragment = block.render(view_name, {"activate_block_id": request.GET.get("activate_block_id")})
    # The SDK's bare page has no place for the banner.
    template = _FRAME if visitor.preview else template
    page = render(request, template, frame.context(request, fragment))
    if visitor.is_staff:
        # Going back must not show a form as it was before it was saved, or a preview that ended.
        add_never_cache_headers(page)
    return page


def handle(
    request: HttpRequest,
    usage_id: Any,
    handler_slug: str,
    suffix: str = "",
    user_id: str | None = None,
    preview: Preview | None = None,
) -> HttpResponseBase:
    """Pass a request to a block. `user_id` and `preview` come from the path.

    A page in a preview names it, so that its answers are discarded although the session may end.
    """
    user_id = sdk.get_student_id(request) if user_id is None else user_id
    if preview and not is_staff_id(user_id):
        return HttpResponse(status=403)
    course = registry.course_of(usage_id)
    runtime = (
        Visitor.of(request, user_id, course).within(preview).runtime()
        if course
        else ExperimentsRuntime(user_id)
    )
    try:
        block = runtime.get_block(usage_id)
    except NoSuchUsage as error:
        raise Http404 from error
    webob_response = runtime.handle(block, handler_slug, django_to_webob_request(request), suffix)
    response: HttpResponseBase = webob_to_django_response(webob_response)
    return response


@require_POST
def preview(request: HttpRequest, name: str) -> HttpResponseBase:
    """Start a preview of the course as another user or a group, or end it. For staff only."""
    course = _course(name)
    visitor = Visitor.of(request, request.POST.get("student", ""), course)
    wanted = "".join(request.POST.getlist("preview"))
    if not visitor.is_staff:
        return refused(request)
    if wanted and parse(wanted) is None:
        message = translations_of().gettext("This preview does not exist.")
        return HttpResponse(message, status=400, content_type="text/plain; charset=utf-8")
    visitor.store_preview(request, course, wanted)
    if wanted:
        entered = events.PreviewEntered(
            course_id=course.course_id, user_id=visitor.user_id, preview=wanted
        )
        events.emit(entered)
    target = request.POST.get("next", "")
    is_here = url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return redirect(learners_page(target) if is_here else "/")


def export(request: HttpRequest, name: str) -> HttpResponseBase:
    """Return the course as it is now, as an archive that Open edX can import. For staff only."""
    course = _course(name)
    if not Visitor.of(request, sdk.get_student_id(request), course).is_staff:
        return refused(request)
    archive = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    export_archive(course, archive)
    archive.seek(0)
    return FileResponse(archive, as_attachment=True, filename=f"{course.name}.tar.gz")


def package_resource(request: HttpRequest, block_type: str, resource: str) -> HttpResponseBase:
    """Return a file of a package, or status 404 if the package has none or cannot be used."""
    try:
        with guarded():
            response: HttpResponseBase = sdk.package_resource(request, block_type, resource)
            return response
    except Failed as error:
        raise Http404 from error


def course_static(request: HttpRequest, name: str, path: str) -> HttpResponseBase:
    """Return a file of a course.

    The file may come from anyone, so the headers forbid browsers to run scripts in it.
    """
    course = registry.named(name)
    file = course.static_file(path) if course else None
    if file is None:
        raise Http404
    return file_response(
        file,
        request.headers.get("Range", ""),
        {
            "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _course(name: str) -> CourseBlocks:
    course = registry.named(name)
    if course is None:
        raise Http404
    return course
