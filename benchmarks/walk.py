"""The naive way to grade a learner and to report on them: a runtime for each, and a walk through
the blocks that they are given.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xblock_experiments.course_user_segmentation.api import get_histories_of
from xblock_experiments.experiments.api import get_first_exposures_of
from xblock_experiments.gradebook.api import get_scores
from xblock_experiments.gradebook.data import Score
from xblock_experiments.testing import LoadedCourse, runtime_for


def walked_grade(course: LoadedCourse, user_id: str) -> float:
    """Return the grade, in which each lesson has the same weight. Reads the scores once."""
    scores = get_scores(course.course_id, user_id)
    root = runtime_for(user_id).get_block(course.usage_id)
    shares = [
        _share(lesson, scores)
        for chapter in root.get_child_blocks()
        for lesson in chapter.get_child_blocks()
    ]
    return sum(shares) / len(shares)


def walked_report(course: LoadedCourse, user_id: str) -> str:
    """Return what the grade report says about a learner. Reads their moves and exposures once."""
    grade = walked_grade(course, user_id)
    moves = get_histories_of(course.course_id, [user_id])[user_id]
    exposures = get_first_exposures_of(course.course_id, [user_id])[user_id]
    return f"{user_id},{grade},{moves},{exposures}\n"


def _share(lesson: Any, scores: dict[str, Score]) -> float:
    earned = possible = 0.0
    for block in _scored_blocks(lesson):
        score = scores[str(block.scope_ids.usage_id)]
        earned += score.earned
        possible += score.possible
    return earned / possible


def _scored_blocks(block: Any) -> Iterator[Any]:
    """Yield the scored blocks below this block that its learner is given."""
    if getattr(block, "has_score", False):
        yield block
    for child in block.get_child_blocks() if block.has_children else ():
        yield from _scored_blocks(child)
