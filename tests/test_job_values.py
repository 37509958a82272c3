"""The progress of a job, as pages show it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xblock_experiments.jobs.data import STALE, Job, State

pytestmark = pytest.mark.one_django

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
JOB = Job(
    id=1,
    course_id="course",
    kind="test",
    form="text",
    actor="teacher",
    state=State.RUNNING,
    done=0,
    total=None,
    wants_cancel=False,
    attempt=1,
    created=NOW,
    started=NOW,
    heartbeat=NOW,
    finished=None,
    failure="",
    fingerprint="",
    size=None,
    expires=None,
)


@given(done=st.integers(1, 10**9), left=st.integers(0, 10**9), seconds=st.floats(0.001, 59))
def test_the_remaining_time_follows_the_speed_so_far(done: int, left: int, seconds: float) -> None:
    remaining = replace(JOB, done=done, total=done + left).remaining(
        NOW + timedelta(seconds=seconds)
    )

    assert remaining is not None
    assert remaining.total_seconds() == pytest.approx(seconds * left / done, rel=1e-3, abs=1e-5)


def test_more_steps_than_expected_leave_no_time() -> None:
    assert replace(JOB, done=9, total=5).remaining(NOW + timedelta(seconds=9)) == timedelta(0)


@pytest.mark.parametrize(
    "job",
    [
        JOB,
        replace(JOB, done=5),
        replace(JOB, total=5),
        replace(JOB, done=5, total=10, state=State.DONE),
        replace(JOB, done=5, total=10, state=State.WAITING),
        replace(JOB, done=5, total=10, heartbeat=NOW - STALE),
    ],
)
def test_nothing_is_promised_without_a_reason(job: Job) -> None:
    assert job.remaining(NOW) is None


def test_a_running_job_is_interrupted_after_a_minute_without_a_sign_of_life() -> None:
    assert not JOB.is_interrupted(NOW + timedelta(seconds=59.9))
    assert JOB.is_interrupted(NOW + timedelta(seconds=60))
    assert not replace(JOB, state=State.WAITING).is_interrupted(NOW + timedelta(hours=1))
