"""The personal data of jobs: who asked for them, and the learners in their files.

Nobody knows which files have a user's data. So a retirement removes all of them, and cancels the
jobs that have read data already. Staff can start them again.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from xblock_experiments import personal_data
from xblock_experiments.jobs.data import State
from xblock_experiments.jobs.models import Job
from xblock_experiments.jobs.rows import rows


def _export(user_id: str) -> dict[str, Any]:
    (acted,) = _acted(user_id)
    jobs = [
        {
            "course_id": row.course_id,
            "kind": row.kind,
            "form": row.form,
            "when": personal_data.moment(row.created),
        }
        for row in acted.order_by("pk")
    ]
    return {"jobs": jobs}


def _owned(_: str) -> list[QuerySet[Job]]:
    return [rows().none()]


def _acted(user_id: str) -> list[QuerySet[Job]]:
    return [rows().filter(actor=user_id)]


def _withdraw_files(_: str) -> None:
    """End the time of all files, and cancel running jobs.

    From the end of the transaction on, nobody can open the files. A worker removes them.
    """
    now = timezone.now()
    have_read = Q(expires__gt=now) | Q(state=State.RUNNING)
    rows().filter(have_read).update(expires=now, wants_cancel=True)


STORE = personal_data.Store(export=_export, owned=_owned, acted=_acted, prepare=_withdraw_files)
