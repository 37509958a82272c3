"""A job has one outcome, whatever happens to its workers."""

from __future__ import annotations

import signal
import stat
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from tests.builders import COURSE_ID
from tests.job_kinds import kind_of, write_text
from tests.test_races import together
from xblock_experiments.errors import MissingExtra, NotStored
from xblock_experiments.jobs import api, data, kinds, recovery, running
from xblock_experiments.jobs.data import (
    MAX_ATTEMPTS,
    CannotBeDone,
    InvalidJobId,
    JobIsActive,
    NoFile,
    NoSuchJob,
    NoSuchKind,
    State,
)
from xblock_experiments.jobs.kinds import Progress, Write
from xblock_experiments.jobs.models import Job
from xblock_experiments.jobs.rows import as_seen, end
from xblock_experiments.user_tags.api import retire_user

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]
committed = pytest.mark.django_db(transaction=True)

type Define = Callable[[Write], None]

OTHER = "course-v1:Other+Course+1"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.XBLOCK_EXPERIMENTS = {
        **settings.XBLOCK_EXPERIMENTS,
        "JOBS_FOLDER": tmp_path / "jobs",
        "JOB_FILES_KEPT": 7,
        "RETIRED_KEY": "a secret",
    }
    return tmp_path / "jobs"


@pytest.fixture(autouse=True)
def define(monkeypatch: pytest.MonkeyPatch) -> Define:
    """Return a function that gives the kind "test" another function. Each step is a heartbeat."""
    monkeypatch.setattr(running, "_BEAT", 0)
    monkeypatch.setattr(kinds, "_kinds", {})

    def define(write: Write) -> None:
        kinds.register(kind_of(write))

    define(write_text)
    return define


def start(**options: Any) -> data.Job:
    return api.start(COURSE_ID, "test", "text", **options)


def start_only() -> None:
    start()


def start_other() -> None:
    api.start(OTHER, "test", "text")


def now(job: data.Job) -> data.Job:
    return api.get_job(COURSE_ID, job.id)


def work() -> None:
    """Perform the tasks that wait, as a worker does, and those that they add."""
    while (task := DBTaskResult.objects.ready().first()) is not None:
        task.claim("a worker")
        running.run(*task.args_kwargs["args"])
        task.set_successful(None)


def let_time_pass(seconds: float) -> None:
    """Make all heartbeats older."""
    for row in Job.objects.all():
        row.heartbeat -= timedelta(seconds=seconds)
        row.save()


def recover_and_count(counts: list[int]) -> None:
    counts.append(api.recover())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*"))


def read(job: data.Job) -> bytes:
    with api.open_file(COURSE_ID, job.id).stream as stream:
        return stream.read()


def test_a_job_waits_and_is_done_with_a_file_that_only_its_owner_can_read(folder: Path) -> None:
    job = start(actor="teacher")

    assert (job.state, job.actor, job.attempt, job.done) == (State.WAITING, "teacher", 1, 0)
    assert api.get_jobs(COURSE_ID) == (job,)
    work()
    done = now(job)
    assert (done.state, done.done, done.total, done.failure) == (State.DONE, 3, 3, "")
    assert done.size == len(COURSE_ID)
    assert read(done) == COURSE_ID.encode()
    (path,) = folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_file_has_the_name_of_its_kind_and_its_media_type() -> None:
    job = start()
    work()

    file = api.open_file(COURSE_ID, job.id)
    file.stream.close()
    assert (file.name, file.media_type) == ("test.txt", "text/plain")


def test_a_course_has_one_active_job_of_a_kind_and_a_new_one_after_its_end() -> None:
    first = start()

    with pytest.raises(JobIsActive, match="Wait for its end, or cancel it"):
        start()
    other = api.start(OTHER, "test", "text")
    work()
    second = start()
    assert [each.id for each in api.get_jobs(COURSE_ID)] == [second.id, first.id]
    assert [each.id for each in api.get_jobs(OTHER)] == [other.id]


def test_an_active_job_is_listed_before_any_number_of_newer_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(api, "MAX_LISTED", 2)
    kinds.register(kind_of(write_text, "other"))
    active = start()
    for _ in range(3):
        newer = api.start(COURSE_ID, "other", "text")
        api.cancel(COURSE_ID, newer.id)

    assert [job.id for job in api.get_jobs(COURSE_ID)] == [active.id, newer.id]


@committed
@pytest.mark.xdist_group("faults")
def test_of_two_starts_at_the_same_time_one_makes_a_job() -> None:
    for _ in range(5):
        errors = together(*[start_only] * 3)

        assert [type(error) for error in errors] == [JobIsActive] * 2
        (job,) = (each for each in api.get_jobs(COURSE_ID) if each.is_active)
        assert DBTaskResult.objects.ready().count() == 1
        work()
        assert now(job).state is State.DONE


@committed
@pytest.mark.xdist_group("faults")
def test_of_two_workers_one_does_the_job(define: Define) -> None:
    written = []
    define(lambda course_id, path, progress: written.append(path.write_text("a")))
    for count in range(1, 6):
        job = start()

        assert together(*[lambda job=job: running.run(job.id)] * 3) == []
        assert now(job).state is State.DONE
        assert len(written) == count


def test_a_job_of_another_course_or_of_none_is_not_found() -> None:
    job = start()
    for call in (api.get_job, api.cancel, api.open_file):
        for course_id, job_id in ((OTHER, job.id), (COURSE_ID, job.id + 1)):
            with pytest.raises(NoSuchJob):
                call(course_id, job_id)
    assert now(job) == job


@pytest.mark.parametrize(("kind", "form"), [("nothing", "text"), ("test", "nothing")])
def test_an_unknown_kind_or_form_is_refused(kind: str, form: str) -> None:
    with pytest.raises(NoSuchKind):
        api.start(COURSE_ID, kind, form)

    assert api.get_jobs(COURSE_ID) == ()


def test_an_actor_who_cannot_be_stored_is_refused() -> None:
    with pytest.raises(InvalidJobId):
        start(actor="x" * 256)


def test_without_the_extra_a_start_says_so_and_stores_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("xblock_experiments.jobs.queue._TASK", "django_tasks_nowhere.run")

    with pytest.raises(MissingExtra, match=r"xblock-experiments\[jobs\]"):
        start()
    assert api.get_jobs(COURSE_ID) == ()


def test_a_job_that_waits_is_cancelled_at_once() -> None:
    job = start()

    assert api.cancel(COURSE_ID, job.id).state is State.CANCELLED
    work()
    assert now(job).state is State.CANCELLED
    assert start().state is State.WAITING


def test_a_running_job_ends_at_its_next_step_after_it_was_cancelled(
    define: Define, folder: Path
) -> None:
    seen = []

    def write(course_id: str, path: Path, progress: Progress) -> None:
        path.write_text("half")
        progress.step()
        seen.append(api.cancel(COURSE_ID, job.id))
        progress.step()
        path.write_text("whole")

    define(write)
    job = start()
    work()

    assert (seen[0].state, seen[0].wants_cancel) == (State.RUNNING, True)
    assert (now(job).state, now(job).size) == (State.CANCELLED, None)
    assert names(folder) == []
    with pytest.raises(NoFile):
        read(job)


def test_a_job_that_is_cancelled_after_its_last_step_has_no_file(
    define: Define, folder: Path
) -> None:
    def write(course_id: str, path: Path, progress: Progress) -> None:
        api.cancel(COURSE_ID, job.id)

    define(write)
    job = start()
    work()

    assert now(job).state is State.CANCELLED
    assert names(folder) == []


def test_cancelling_a_job_that_is_over_changes_nothing() -> None:
    job = start()
    work()
    done = now(job)

    assert api.cancel(COURSE_ID, job.id) == done == now(job)


def test_a_job_that_raises_an_error_has_failed_and_the_log_has_the_reason(
    define: Define, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def write(course_id: str, path: Path, progress: Progress) -> None:
        path.write_text("half")
        msg = "about learner ann"
        raise ZeroDivisionError(msg)

    define(write)
    job = start()
    with pytest.raises(ZeroDivisionError):
        running.run(job.id)

    assert (now(job).state, now(job).failure) == (State.FAILED, running.FAILED)
    assert "about learner ann" in caplog.text
    assert names(folder) == []


def test_a_job_that_cannot_be_done_says_why(define: Define) -> None:
    def write(course_id: str, path: Path, progress: Progress) -> None:
        raise CannotBeDone("The course is empty.")

    define(write)
    job = start()
    work()

    assert (now(job).state, now(job).failure) == (State.FAILED, "The course is empty.")


def test_a_long_reason_is_cut(define: Define) -> None:
    def write(course_id: str, path: Path, progress: Progress) -> None:
        raise CannotBeDone("a" * 300)

    define(write)
    job = start()
    work()

    assert (now(job).state, now(job).failure) == (State.FAILED, "a" * 255)


def test_a_job_whose_worker_died_is_taken_up_again_once(folder: Path) -> None:
    job = start()
    Job.objects.update(state=State.RUNNING)
    DBTaskResult.objects.update(status="RUNNING")
    assert api.recover() == 0

    let_time_pass(61)
    assert now(job).is_interrupted(timezone.now())
    assert api.recover() == 1
    assert api.recover() == 0
    assert (now(job).state, now(job).attempt) == (State.WAITING, 2)
    work()
    assert (now(job).state, now(job).attempt) == (State.DONE, 2)
    assert len(names(folder)) == 1


@committed
@pytest.mark.xdist_group("faults")
def test_of_two_processes_that_find_a_dead_worker_one_takes_its_job_up() -> None:
    job = start()
    for attempt in (2, 3):
        DBTaskResult.objects.all().delete()
        Job.objects.update(state=State.RUNNING)
        let_time_pass(61)

        counts: list[int] = []
        assert together(*[partial(recover_and_count, counts)] * 3) == []
        assert sorted(counts) == [0, 0, 1]
        assert now(job).attempt == attempt
        assert DBTaskResult.objects.ready().count() == 1


def test_a_process_that_is_late_does_not_take_up_what_another_one_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = start()
    Job.objects.update(state=State.RUNNING)
    let_time_pass(61)

    def as_seen_before_the_other(row: Job) -> QuerySet[Job]:
        monkeypatch.setattr(recovery, "as_seen", as_seen)
        assert api.recover() == 1
        return as_seen(row)

    monkeypatch.setattr(recovery, "as_seen", as_seen_before_the_other)
    assert api.recover() == 0
    assert now(job).attempt == 2


def test_a_worker_that_is_only_slow_publishes_nothing_after_it_was_overtaken(
    define: Define, folder: Path
) -> None:
    texts = iter(["of the slow one", "of the other one"])

    def write(course_id: str, path: Path, progress: Progress) -> None:
        is_slow = now(job).attempt == 1
        path.write_text(next(texts))
        if is_slow:
            let_time_pass(61)
            assert api.recover() == 1
            work()

    define(write)
    job = start()
    running.run(job.id)

    assert (now(job).state, now(job).attempt) == (State.DONE, 2)
    assert read(job) == b"of the other one"
    assert len(names(folder)) == 1


@pytest.mark.parametrize("state", [State.WAITING, State.RUNNING])
def test_a_worker_that_was_overtaken_ends_at_its_next_step(
    define: Define, folder: Path, state: State
) -> None:
    steps = []

    def write(course_id: str, path: Path, progress: Progress) -> None:
        Job.objects.update(state=state, attempt=2, file="another")
        steps.append(1)
        progress.step()
        steps.append(2)

    define(write)
    job = start()
    running.run(job.id)

    assert steps == [1]
    assert (now(job).state, now(job).attempt) == (state, 2)
    assert names(folder) == []


def test_a_sign_of_life_is_no_step_and_ends_a_cancelled_job(define: Define) -> None:
    seen = []

    def write(course_id: str, path: Path, progress: Progress) -> None:
        let_time_pass(61)
        progress.alive()
        seen.append(now(job))
        api.cancel(COURSE_ID, job.id)
        progress.alive()
        pytest.fail("The job is cancelled.")

    define(write)
    job = start()
    work()

    assert seen[0].done == 0
    assert not seen[0].is_interrupted(timezone.now())
    assert now(job).state is State.CANCELLED


@committed
@pytest.mark.xdist_group("faults")
def test_a_sign_of_life_that_lost_a_race_is_given_later(define: Define) -> None:
    """Read rows one by one while somebody writes, as a function of a site may do."""

    def write(course_id: str, path: Path, progress: Progress) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id FROM {Job._meta.db_table}")  # noqa: S608 - no input
            cursor.fetchone()
            assert together(start_other) == []
            progress.step()
            cursor.fetchall()
        progress.step()
        seen.append(now(job).done)

    seen: list[int] = []
    define(write)
    api.start("course-v1:Third+Course+1", "test", "text")
    job = start()
    running.run(job.id)

    assert now(job).state is State.DONE
    assert seen == [2]


def test_a_job_that_kills_each_of_its_workers_has_failed() -> None:
    job = start()
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert (now(job).state, now(job).attempt) == (State.WAITING, attempt)
        Job.objects.update(state=State.RUNNING)
        let_time_pass(61)
        assert api.recover() == 1

    assert now(job).state is State.FAILED
    assert "stopped unexpectedly" in now(job).failure
    work()
    assert now(job).state is State.FAILED


def test_a_cancelled_job_of_a_dead_worker_ends() -> None:
    job = start()
    Job.objects.update(state=State.RUNNING)
    api.cancel(COURSE_ID, job.id)
    let_time_pass(61)

    assert api.recover() == 1
    assert now(job).state is State.CANCELLED


def test_a_job_of_a_dead_worker_can_be_cancelled() -> None:
    job = start()
    Job.objects.update(state=State.RUNNING)
    let_time_pass(61)

    assert api.cancel(COURSE_ID, job.id).state is State.CANCELLED
    assert api.recover() == 0


def test_a_job_that_is_put_back_in_the_middle_of_its_cancellation_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def put_back_between(found: QuerySet[Job], state: State) -> bool:
        monkeypatch.setattr(api, "end", end)
        is_ended = end(found, state)
        Job.objects.filter(state=State.RUNNING).update(state=State.WAITING)
        return is_ended

    job = start()
    Job.objects.update(state=State.RUNNING)
    monkeypatch.setattr(api, "end", put_back_between)
    api.cancel(COURSE_ID, job.id)
    work()

    assert now(job).state is State.CANCELLED


def test_a_job_that_is_cancelled_meanwhile_is_not_taken_up_again() -> None:
    start()
    row = Job.objects.get()
    Job.objects.update(wants_cancel=True)

    assert not as_seen(row).exists()


def test_a_job_whose_task_was_lost_is_enqueued_again() -> None:
    job = start()
    DBTaskResult.objects.all().delete()
    let_time_pass(61)

    assert api.recover() == 1
    work()
    assert (now(job).state, now(job).attempt) == (State.DONE, 1)


def test_a_job_whose_task_was_lost_is_enqueued_again_while_others_run() -> None:
    job = start()
    DBTaskResult.objects.all().delete()
    let_time_pass(61)
    busy = api.start(OTHER, "test", "text")
    Job.objects.filter(pk=busy.id).update(state=State.RUNNING)

    assert api.has_busy_worker()
    assert api.recover() == 1
    work()
    assert now(job).state is State.DONE


def test_a_job_with_two_tasks_is_done_once(define: Define) -> None:
    job = start()
    let_time_pass(61)
    assert api.recover() == 1
    written: list[str] = []
    define(lambda course_id, path, progress: written.append(course_id))
    work()

    assert now(job).state is State.DONE
    assert written == [COURSE_ID]


def test_a_signal_puts_the_job_back_and_reaches_the_worker(
    define: Define, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noticed: list[int] = []

    def write(course_id: str, path: Path, progress: Progress) -> None:
        signal.raise_signal(signal.SIGTERM)
        assert noticed == []
        progress.step()

    define(write)
    job = start()
    DBTaskResult.objects.all().delete()
    before = signal.signal(signal.SIGTERM, lambda number, _: noticed.append(number))
    try:
        running.run(job.id)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert noticed == [signal.SIGTERM]
    assert (now(job).state, now(job).attempt) == (State.WAITING, 1)
    assert names(folder) == []
    define(write_text)
    work()
    assert now(job).state is State.DONE


def test_a_cancelled_job_is_not_put_back(define: Define) -> None:
    def write(course_id: str, path: Path, progress: Progress) -> None:
        api.cancel(COURSE_ID, job.id)
        raise SystemExit

    define(write)
    job = start()
    with pytest.raises(SystemExit):
        running.run(job.id)

    assert now(job).state is State.CANCELLED


@pytest.mark.parametrize(
    "error", [SystemExit(), NotStored("busy"), OperationalError("gone"), InterfaceError("closed")]
)
def test_an_interruption_puts_the_job_back_and_counts_as_an_attempt(
    define: Define, folder: Path, error: BaseException
) -> None:
    def write(course_id: str, path: Path, progress: Progress) -> None:
        raise error

    define(write)
    job = start()
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert (now(job).state, now(job).attempt) == (State.WAITING, attempt)
        with pytest.raises(type(error)):
            running.run(job.id)

    assert (now(job).state, now(job).failure) == (State.FAILED, running.FAILED)
    assert names(folder) == []


def test_files_without_an_end_are_not_updated() -> None:
    start()
    work()
    with CaptureQueriesContext(connection) as queries:
        api.remove_files()

    assert [query for query in queries if query["sql"].startswith("UPDATE")] == []


def test_a_file_is_removed_after_its_time() -> None:
    job = start()
    work()
    assert now(job).has_file(timezone.now())

    Job.objects.update(expires=timezone.now())
    with pytest.raises(NoFile):
        read(job)
    assert api.remove_files() == 1
    assert api.remove_files() == 0
    assert now(job).size is None


def test_files_are_kept_for_the_time_in_the_settings(settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "JOB_FILES_KEPT": 0.5}
    job = start()
    work()
    done = now(job)

    assert done.finished is not None
    assert done.expires == done.finished + timedelta(hours=12)


def test_files_of_dead_workers_are_removed_and_no_others(define: Define, folder: Path) -> None:
    def write(course_id: str, path: Path, progress: Progress) -> None:
        for name in ("notes.txt", "a" * 32, f"{'b' * 32}.partial", "1" * 31):
            (folder / name).write_text("")
        assert api.remove_files() == 2
        path.write_text("whole")

    start()
    work()
    before = names(folder)
    define(write)
    job = start()
    work()

    assert read(job) == b"whole"
    assert set(names(folder)) > {*before, "notes.txt", "1" * 31}
    assert len(names(folder)) == 4


def test_a_job_that_is_begun_again_without_counting_has_another_file(define: Define) -> None:
    def write(course_id: str, path: Path, progress: Progress) -> None:
        written.append(path.name)
        Job.objects.update(state=State.WAITING)

    written: list[str] = []
    define(write)
    job = start()
    running.run(job.id)
    running.run(job.id)

    assert now(job).attempt == 1
    assert len(set(written)) == 2


def test_a_file_that_is_gone_or_cannot_be_read_is_said_to_be_gone(folder: Path) -> None:
    job = start()
    work()
    (path,) = folder.iterdir()
    path.unlink()
    with pytest.raises(NoFile):
        read(job)

    path.mkdir()
    with pytest.raises(NoFile):
        read(job)


def test_a_file_of_another_size_is_not_opened(folder: Path) -> None:
    job = start()
    work()
    (path,) = folder.iterdir()
    path.write_text("of another job")

    with pytest.raises(NoFile):
        read(job)


def test_a_file_that_cannot_be_removed_does_not_keep_the_others(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unlink(path: Path, **options: bool) -> None:
        if path.name.startswith("a"):
            raise PermissionError
        original(path, **options)

    folder.mkdir()
    for name in ("a" * 32, "b" * 32):
        (folder / name).write_text("")
    original = Path.unlink
    monkeypatch.setattr(Path, "unlink", unlink)
    api.remove_files()

    assert names(folder) == ["a" * 32]
    assert "cannot be removed" in caplog.text


def test_a_new_job_expects_as_many_steps_as_the_last_one(define: Define) -> None:
    start()
    work()
    totals = []

    def write(course_id: str, path: Path, progress: Progress) -> None:
        progress.step()
        totals.append(now(job).total)

    define(write)
    job = start()
    work()

    assert totals == [3]


def test_retiring_who_asked_clears_the_name_and_keeps_the_job() -> None:
    job = start(actor="teacher")
    retire_user("teacher")

    assert now(job).actor == ""
    api.cancel(COURSE_ID, job.id)
    assert start(actor="teacher").actor == ""


@committed
def test_retiring_anybody_ends_all_files_and_jobs_that_have_read_data(
    define: Define, folder: Path
) -> None:
    job = start()
    work()

    def write(course_id: str, path: Path, progress: Progress) -> None:
        retire_user("ann")
        seen.append(names(folder))
        progress.step()

    seen: list[list[str]] = []
    define(write)
    second = start()
    work()

    assert now(second).state is State.CANCELLED
    assert now(job).size is None
    with pytest.raises(NoFile):
        read(job)
    assert [len(each) for each in seen] == [1]
    assert names(folder) == []


@committed
def test_a_retirement_does_not_touch_jobs_before_it_is_stored() -> None:
    start()
    Job.objects.update(state=State.RUNNING)
    with transaction.atomic():
        retire_user("ann")
        assert not Job.objects.get().wants_cancel

    assert Job.objects.get().wants_cancel


def test_reads_take_one_query() -> None:
    job = start()
    work()
    for call in (
        lambda: api.get_jobs(COURSE_ID),
        lambda: api.get_job(COURSE_ID, job.id),
        lambda: api.has_busy_worker(),
        lambda: api.open_file(COURSE_ID, job.id).stream.close(),
    ):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            call()
        assert len(queries) == 1
