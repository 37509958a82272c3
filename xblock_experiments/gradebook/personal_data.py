"""The personal data in the gradebook: scores."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import router
from django.db.models import QuerySet

from xblock_experiments import personal_data
from xblock_experiments.gradebook.models import Score
from xblock_experiments.retired import api as retired


def retire_scores(user_id: str) -> int:
    return retired.retire(user_id, partial(personal_data.erase, user_id, STORE))


def _export(user_id: str) -> dict[str, Any]:
    (rows,) = _scores_of(user_id)
    scores = [
        {
            "course_id": row.course_id,
            "usage_id": row.usage_id,
            "earned": row.earned,
            "possible": row.possible,
            "recorded": personal_data.moment(row.recorded),
        }
        for row in rows.order_by("pk")
    ]
    return {"scores": scores}


def _scores_of(user_id: str) -> list[QuerySet[Score]]:
    return [Score.objects.using(router.db_for_write(Score)).filter(user_id=user_id)]


STORE = personal_data.Store(export=_export, owned=_scores_of)
