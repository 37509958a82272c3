"""The personal data of jobs: who asked for them, and the learners in their files.

Nobody knows which files have a user's data. So a retirement removes all of them, and cancels the
jobs that have read data already. Staff can start them again.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from xblock_experiments import personal_data
from xblock_experiments.database.transactions import reports_faults
from xblock_experiments.jobs.api import remove_files
from xblock_experiments.jobs.data import State
from xblock_experiments.jobs.models import Job
from xblock_experiments.jobs.rows import change, rows, using


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


def _withdraw_files_on_commit(_: str) -> None:
    """Withdraw all files once the erasure is stored.

    Within its transaction, the signs of life of running jobs would conflict with it each second.
    """
    transaction.on_commit(_withdraw_files, using=using())


@reports_faults
def _withdraw_files() -> None:
    """Cancel running jobs, and remove all files.

    In this order: a job that publishes its file before it is cancelled has one afterwards.
    """
    change(rows().filter(state=State.RUNNING), wants_cancel=True)
    change(rows().filter(size__isnull=False), file="", size=None, expires=timezone.now())
    remove_files()


STORE = personal_data.Store(
    export=_export, owned=_owned, acted=_acted, prepare=_withdraw_files_on_commit
)
