"""Workers in processes of their own, which are killed, stopped, or left behind."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django_tasks_db.compat import TASKS_LOGGER
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from tests.builders import COURSE_ID
from tests.job_kinds import gated, kind_of, write_text
from tests.test_faults import ROOT, SECONDS, url_of_test_database, wait_until
from xblock_experiments.errors import NotStored
from xblock_experiments.jobs import api, data, kinds
from xblock_experiments.jobs.data import State
from xblock_experiments.jobs.models import Job

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.every_database,
    pytest.mark.xdist_group("faults"),
]

COMMAND = "xblock_experiments.jobs.management.commands.run_jobs"

type NewWorker = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def gate(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a path that lets jobs end once it is a file."""
    gate = tmp_path / "gate"
    settings.XBLOCK_EXPERIMENTS = {
        **settings.XBLOCK_EXPERIMENTS,
        "JOBS_FOLDER": tmp_path / "data" / "jobs",
    }
    monkeypatch.setattr(kinds, "_kinds", {})
    kinds.register(kind_of(gated(gate)))
    return gate


@pytest.fixture
def new_worker(gate: Path, tmp_path: Path) -> Iterator[NewWorker]:
    """Return a function that starts a worker on the database of the test."""
    workers: list[subprocess.Popen[bytes]] = []
    environment = {
        **os.environ,
        "DATABASE_URL": url_of_test_database(),
        "XBLOCK_EXPERIMENTS_DATA": str(tmp_path / "data"),
    }

    def start(*options: str) -> subprocess.Popen[bytes]:
        worker = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.job_worker", str(gate), *options],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        worker.kill()
        worker.communicate()


def start() -> data.Job:
    return api.start(COURSE_ID, "test", "text")


def now(job: data.Job) -> data.Job:
    return api.get_job(COURSE_ID, job.id)


def wait_for(job: data.Job, state: State, attempt: int = 1) -> None:
    wait_until(lambda: (now(job).state, now(job).attempt) == (state, attempt), f"until {state}")


def wait_for_steps(job: data.Job) -> None:
    wait_for(job, State.RUNNING)
    wait_until(lambda: now(job).done > 0, "the first step")


def let_a_minute_pass() -> None:
    (row,) = Job.objects.all()
    row.heartbeat -= timedelta(seconds=61)
    row.save()


def test_a_job_of_a_killed_worker_is_finished_by_another_one_exactly_once(
    gate: Path, new_worker: NewWorker, tmp_path: Path
) -> None:
    job = start()
    worker = new_worker()
    wait_for_steps(job)
    worker.kill()
    worker.wait(SECONDS)
    assert now(job).state is State.RUNNING
    let_a_minute_pass()
    gate.write_text("whole")

    other = new_worker()
    wait_for(job, State.DONE, attempt=2)

    with api.open_file(COURSE_ID, job.id).stream as stream:
        assert stream.read().decode() == f"{COURSE_ID}\nwhole"
    wait_until(lambda: len(list((tmp_path / "data" / "jobs").iterdir())) == 1, "one file is left")
    # The worker stores this after the job.
    wait_until(DBTaskResult.objects.filter(status="SUCCESSFUL").exists, "its task is over")
    assert DBTaskResult.objects.filter(status="SUCCESSFUL").count() == 1
    other.terminate()
    assert other.wait(SECONDS) == 0


def test_a_worker_that_is_told_to_stop_puts_its_job_back_at_once(new_worker: NewWorker) -> None:
    job = start()
    worker = new_worker()
    wait_for_steps(job)
    worker.send_signal(signal.SIGINT)

    assert worker.wait(SECONDS) == 0
    assert (now(job).state, now(job).attempt) == (State.WAITING, 1)
    assert DBTaskResult.objects.ready().count() == 1


def test_a_worker_ends_with_the_process_at_the_other_end_of_its_input(
    new_worker: NewWorker,
) -> None:
    job = start()
    worker = new_worker("--until-input-ends")
    wait_for_steps(job)
    assert worker.stdin
    worker.stdin.close()

    assert worker.wait(SECONDS) == 0
    assert now(job).state is State.WAITING


def test_without_the_queue_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(f"{COMMAND}.apps.is_installed", lambda _: False)

    with pytest.raises(CommandError, match="Install the extra `jobs`"):
        call_command("run_jobs")


@pytest.fixture
def _own_signals() -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def fail(*_: object) -> None:
    pytest.fail("The worker goes on.")


@pytest.mark.usefixtures("gate", "_own_signals")
def test_a_signal_after_the_work_on_a_job_ends_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def finish(*args: Any) -> None:
        signal.raise_signal(signal.SIGTERM)
        set_successful(*args)

    kinds.register(kind_of(write_text))
    set_successful = DBTaskResult.set_successful
    monkeypatch.setattr(DBTaskResult, "set_successful", finish)
    monkeypatch.setattr(f"{COMMAND}.time.sleep", fail)
    job = start()
    call_command("run_jobs")

    assert now(job).state is State.DONE
    assert DBTaskResult.objects.get().status == "SUCCESSFUL"


@pytest.mark.usefixtures("gate", "_own_signals")
def test_a_worker_leaves_the_logs_of_tasks_as_they_are() -> None:
    def write(*_: object) -> None:
        levels.append(logging.getLogger(TASKS_LOGGER).level)
        signal.raise_signal(signal.SIGTERM)

    levels: list[int] = []
    kinds.register(kind_of(write))
    start()
    call_command("run_jobs")

    assert levels == [logging.getLogger(TASKS_LOGGER).level]
    assert levels != [logging.CRITICAL]


@pytest.mark.usefixtures("gate", "_own_signals")
def test_a_database_that_fails_does_not_end_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def write(*_: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    def look_after_jobs() -> int:
        if faults:
            raise faults.pop()
        return 0

    faults: list[Exception] = [NotStored("locked"), OperationalError("gone")]
    monkeypatch.setattr(f"{COMMAND}._PAUSE", 0)
    monkeypatch.setattr(f"{COMMAND}.recover", look_after_jobs)
    kinds.register(kind_of(write))
    job = start()
    said = StringIO()
    call_command("run_jobs", stderr=said)

    assert now(job).state is State.DONE
    assert [line.rpartition(": ")[2] for line in said.getvalue().splitlines()] == ["gone", "locked"]


@pytest.mark.usefixtures("gate", "_own_signals")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_worker_without_an_input_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)

    with pytest.raises(SystemExit, match="0"):
        call_command("run_jobs", "--until-input-ends")
