"""A learner's progress in a course: what they earned in what they were given, and the grade."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import number_format
from django.views.decorators.http import require_safe

from workbench import views as sdk
from xblock_experiments.blocks.base.language import Name, language_of
from xblock_experiments.course_user_segmentation.api import get_segmentations
from xblock_experiments.gradebook.api import get_progress
from xblock_experiments.gradebook.data import NoStructure
from xblock_experiments.gradebook.numbers import shown_points
from xblock_experiments.gradebook.progress import BlockProgress, Progress, SequenceProgress
from xblock_experiments.keys.ids import flaw_of
from xblock_experiments.services.preview import AsLearner
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.courses.registry import registry
from xblock_experiments.workbench.hosting.i18n import translations_of
from xblock_experiments.workbench.pages.frame import page_context
from xblock_experiments.workbench.requests.visitor import Visitor


@require_safe
def show(request: HttpRequest, name: str) -> HttpResponse:
    """Return the visitor's own progress, or to staff any learner's with the arms named."""
    course = registry.named(name)
    if course is None:
        raise Http404
    visitor = Visitor.of(request, sdk.get_student_id(request), course)
    learner_id = _learner_id(request, visitor)
    if flaw_of(learner_id):
        raise Http404
    try:
        progress = get_progress(course.course_id, learner_id)
    except NoStructure as error:
        raise Http404 from error
    shows_arms = visitor.is_staff and not visitor.preview
    context = {
        **page_context(),
        **_Page(course, shows_arms=shows_arms).context(progress),
        "course": course,
        "learner_id": learner_id,
        "visitor": visitor,
    }
    return render(request, "xblock_experiments/progress.html", context)


def _learner_id(request: HttpRequest, visitor: Visitor) -> str:
    """Return the id of the learner whose progress is shown. Only staff can name another one."""
    if isinstance(visitor.preview, AsLearner):
        return visitor.preview.user_id
    asked = request.GET.get("learner", "")
    return asked if asked and visitor.is_staff else visitor.user_id


class _Page:
    """The texts of one page, in the visitor's language."""

    def __init__(self, course: CourseBlocks, *, shows_arms: bool) -> None:
        self._language = language_of(course)
        self._shows_arms = shows_arms
        self.gettext = translations_of().gettext
        self._groups = _group_names(course.course_id) if shows_arms else {}

    def context(self, progress: Progress) -> dict[str, Any]:
        grade = progress.grade
        by_chapter = groupby(progress.sequences, lambda each: each.sequence.chapter)
        return {
            "chapters": [
                {
                    "name": Name(chapter, self._language),
                    "sequences": list(map(self._sequence, each)),
                }
                for chapter, each in by_chapter
            ],
            "before": [
                {
                    "name": Name(each.display_name, self._language),
                    "points": self._points(each.earned, each.possible),
                }
                for each in progress.before
            ],
            "grade": self._percent(progress),
            "letter": grade.letter,
            "shows_arms": self._shows_arms,
            "total": self._points(grade.earned, grade.possible),
        }

    def _percent(self, progress: Progress) -> str:
        percent: str = self.gettext("{percent} %")
        return percent.format(percent=number_format(progress.grade.shown_percent))

    def _sequence(self, progress: SequenceProgress) -> dict[str, Any]:
        counted = progress.grade or progress
        return {
            "blocks": list(map(self._block, progress.blocks)),
            "counts": progress.sequence.counts,
            "is_replaced": progress.sequence.counts and progress.grade is None,
            "has_earlier_points": progress.has_earlier_points,
            "name": Name(progress.sequence.display_name, self._language),
            "points": self._points(counted.earned, counted.possible),
        }

    def _block(self, progress: BlockProgress) -> dict[str, Any]:
        return {
            "arms": [
                self._groups.get((arm.segmentation_id, group_id), str(group_id))
                for arm in sorted(progress.block.arms, key=lambda arm: arm.segmentation_id)
                for group_id in sorted(arm.group_ids)
            ],
            "is_attempted": progress.is_attempted,
            "name": Name(progress.block.display_name, self._language),
            "points": self._points(progress.earned, progress.possible),
        }

    def _points(self, earned: float, possible: float) -> str:
        sentence: str = self.gettext("{earned} of {possible}")
        return sentence.format(earned=_number(earned), possible=_number(possible))


def _number(points: float) -> str:
    """Return the points with up to two decimals, as the visitor's language writes them."""
    shown = shown_points(points)
    return number_format(shown.numerator if shown.denominator == 1 else float(shown))


def _group_names(course_id: str) -> dict[tuple[int, int], str]:
    return {
        (segmentation.id, group.id): f"{segmentation.name}: {group.name}"
        for segmentation in get_segmentations(course_id)
        for group in segmentation.groups
    }
