"""The public interface of the gradebook: each learner's current score in each block.

Scores are in the block's own points. Whoever computes grades applies the weight that the author
gave to the block, so edits of the weight never make stored scores wrong.
"""

from __future__ import annotations

from django.utils import timezone

from xblock_experiments.database.transactions import reports_faults
from xblock_experiments.gradebook.data import InvalidScoreId, Score, as_points
from xblock_experiments.gradebook.models import Score as _Score
from xblock_experiments.gradebook.personal_data import retire_scores
from xblock_experiments.gradebook.storing import store
from xblock_experiments.keys.ids import flaw_of

__all__ = [
    "get_scores",
    "record_score",
    "retire_user",
]


@reports_faults
def record_score(
    course_id: str,
    user_id: str,
    usage_id: str,
    earned: float,
    possible: float,
    *,
    only_if_higher: bool = False,
) -> None:
    """Store the score in place of the previous one. Pass raw points, without the block's weight.

    With `only_if_higher`, the previous score stays unless the new score is a greater fraction of
    the possible points. The database compares them, so of concurrent calls the highest score wins.

    One statement. Raises InvalidScore or RetiredUser, and then stores nothing.
    """
    _check_id(course_id, "course")
    _check_id(user_id, "user")
    _check_id(usage_id, "block")
    score = Score(
        usage_id=usage_id,
        earned=as_points(earned, "earned"),
        possible=as_points(possible, "possible"),
        recorded=timezone.now(),
    )
    row = _Score(
        course_id=course_id,
        user_id=user_id,
        usage_id=score.usage_id,
        earned=score.earned,
        possible=score.possible,
        fraction=score.fraction,
        recorded=score.recorded,
    )
    store(row, only_if_higher=only_if_higher)


@reports_faults
def get_scores(course_id: str, user_id: str) -> dict[str, Score]:
    """Return the user's scores in the course by usage id, sorted by usage id. One query."""
    _check_id(course_id, "course")
    _check_id(user_id, "user")
    rows = _Score.objects.filter(course_id=course_id, user_id=user_id)
    values = rows.values_list("usage_id", "earned", "possible", "recorded")
    return {each[0]: Score(*each) for each in sorted(values)}


@reports_faults
def retire_user(user_id: str) -> int:
    """Delete all scores of the user in all courses, and return the number of rows.

    No store of this package stores data about the user again.
    """
    _check_id(user_id, "user")
    return retire_scores(user_id)


def _check_id(text: str, whose: str) -> None:
    if flaw := flaw_of(text):
        msg = f"The id of a {whose} {flaw}."
        raise InvalidScoreId(msg)
