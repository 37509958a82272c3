"""The personal data in the gradebook: scores and their history."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import router
from django.db.models import QuerySet

from xblock_experiments import personal_data
from xblock_experiments.gradebook.models import RecordedScore, Score
from xblock_experiments.retired import api as retired


def retire_scores(user_id: str) -> int:
    return retired.retire(user_id, partial(personal_data.erase, user_id, STORE))


def _export(user_id: str) -> dict[str, Any]:
    _, recorded = _owned(user_id)
    scores = [
        {
            "course_id": row.score.course_id,
            "usage_id": row.score.usage_id,
            "earned": row.earned,
            "possible": row.possible,
            "recorded": personal_data.moment(row.recorded),
            "counted": row.counted,
        }
        for row in recorded.select_related("score").order_by("score", "number")
    ]
    return {"scores": scores}


def _owned(user_id: str) -> list[QuerySet[Any]]:
    """Return the user's rows, scores first, because recording one adds to the history."""
    using = router.db_for_write(Score)
    return [model.objects.using(using).filter(user_id=user_id) for model in (Score, RecordedScore)]


STORE = personal_data.Store(export=_export, owned=_owned)
