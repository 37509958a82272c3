"""A learner's progress in a course: what they earned in what they were given, and the grade."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from workbench import views as sdk
from xblock_experiments.gradebook.api import get_account, get_progress
from xblock_experiments.gradebook.data import NoStructure
from xblock_experiments.keys.ids import flaw_of
from xblock_experiments.services.preview import AsLearner
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.courses.registry import registry
from xblock_experiments.workbench.pages.account_page import AccountPage
from xblock_experiments.workbench.pages.frame import page_context
from xblock_experiments.workbench.pages.progress_page import ProgressPage
from xblock_experiments.workbench.requests.visitor import Visitor


@require_safe
def show(request: HttpRequest, name: str) -> HttpResponse:
    """Return the visitor's own progress, or to staff any learner's with what it follows from."""
    course = registry.named(name)
    if course is None:
        raise Http404
    visitor = Visitor.of(request, sdk.get_student_id(request), course)
    learner_id = _learner_id(request, visitor)
    if flaw_of(learner_id):
        raise Http404
    is_for_staff = visitor.is_staff and not visitor.preview
    try:
        page = _of_staff(course, learner_id) if is_for_staff else _of_learner(course, learner_id)
    except NoStructure as error:
        raise Http404 from error
    context = {
        **page_context(),
        **page,
        "course": course,
        "is_for_staff": is_for_staff,
        "learner_id": learner_id,
        "visitor": visitor,
    }
    return render(request, "xblock_experiments/progress.html", context)


def _of_learner(course: CourseBlocks, learner_id: str) -> dict[str, Any]:
    return ProgressPage(course).context(get_progress(course.course_id, learner_id))


def _of_staff(course: CourseBlocks, learner_id: str) -> dict[str, Any]:
    account = get_account(course.course_id, learner_id)
    return AccountPage(course, account).context(account.progress)


def _learner_id(request: HttpRequest, visitor: Visitor) -> str:
    """Return the id of the learner whose progress is shown. Only staff can name another one."""
    if isinstance(visitor.preview, AsLearner):
        return visitor.preview.user_id
    asked = request.GET.get("learner", "")
    return asked if asked and visitor.is_staff else visitor.user_id
