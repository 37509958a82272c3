"""The learners of a course: those with a membership, an exposure or a score in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from itertools import groupby

from django.utils.module_loading import import_string

from xblock_experiments.course_user_segmentation.api import get_user_ids
from xblock_experiments.database.rows import distinct_in_pages
from xblock_experiments.experiments import api as experiments
from xblock_experiments.gradebook.models import Score
from xblock_experiments.settings.common import setting


def learners_of(course_id: str) -> Iterator[str]:
    """Yield the user ids in order, each once.

    The setting LEARNERS names a function of the site that yields them instead, for example all
    users who are enrolled.
    """
    if named := setting("LEARNERS"):
        given: Callable[[str], Iterable[str]] = import_string(named)
        yield from given(course_id)
        return
    scores = distinct_in_pages([Score.objects.filter(course_id=course_id)], "user_id")
    found = merge(get_user_ids(course_id), experiments.get_user_ids(course_id), scores)
    for user_id, _ in groupby(found):
        yield user_id


def watched_learners_of(course_id: str, on_learner: Callable[[], object]) -> Iterator[str]:
    """Yield the learners, and call the function before each. An error that it raises ends them."""
    for user_id in learners_of(course_id):
        on_learner()
        yield user_id
