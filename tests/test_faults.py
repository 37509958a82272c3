"""Killed processes, lost databases, full disks and locks that are not released.

After each fault, nothing is half done, nothing confirmed is lost, and the same call completes.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Self

import pytest
from django.db import connection, connections, transaction
from django.db.transaction import TransactionManagementError

from tests.builders import experiment
from tests.worker import COURSE_ID, user
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.errors import NotStored
from xblock_experiments.experiments import api
from xblock_experiments.experiments.assignment import choose_group, salt_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.every_database,
    pytest.mark.xdist_group("faults"),
    pytest.mark.one_django,
]

ROOT = Path(__file__).parents[1]
EXPERIMENT = experiment(100, 1, 2, 3)
SECONDS = 60
"""The longest time that any step may take, in seconds."""


class Worker:
    """A process of tests/worker.py."""

    def __init__(self, url: str, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.worker", *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": url},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.lines: list[tuple[str, int, Any]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            what, round_, answer = line.split(" ", 2)
            self.lines.append((what, int(round_), json.loads(answer)))

    def said(self, what: str) -> list[tuple[int, Any]]:
        return [(round_, answer) for said, round_, answer in list(self.lines) if said == what]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(SECONDS)
        assert self.process.stdout
        self.process.stdout.close()


def wait_until(condition: Any, what: str) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, f"{what} took more than {SECONDS} seconds"
        time.sleep(0.005)


def url_of_test_database() -> str:
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    scheme = {"postgresql": "postgres", "mysql": "mysql"}[connection.vendor]
    who = f"{database['USER']}:{database['PASSWORD']}"
    return f"{scheme}://{who}@{database['HOST']}:{database['PORT']}/{database['NAME']}"


def chosen(user_id: str) -> int:
    return choose_group(EXPERIMENT.groups, salt_of(COURSE_ID, EXPERIMENT), user_id).id


def members() -> dict[str, int]:
    rows = list(segmentations.get_members(COURSE_ID, 100, type="experiment"))
    found = {row.user_id: row.group_id for row in rows}
    assert len(found) == len(rows)
    return found


def test_a_killed_bulk_assignment_is_completed_by_the_same_call() -> None:
    segmentations.save_segmentations(COURSE_ID, [EXPERIMENT])
    everybody = [user(number) for number in range(60_000)]
    with Worker(url_of_test_database(), "assign", 1, len(everybody)) as worker:
        wait_until(lambda: len(members()) > 2_000, "assigning 2,000")

    assert worker.said("done") == []
    before = members()
    assert 0 < len(before) < len(everybody)
    counts = api.assign_users(COURSE_ID, 100, everybody)
    after = members()
    assert after == {user_id: chosen(user_id) for user_id in everybody}
    assert before.items() <= after.items()
    assert counts.total() == len(everybody)


def has_published(worker: Worker) -> bool:
    return len(worker.said("done")) > 1


def test_a_killed_process_publishes_a_list_completely_or_not_at_all() -> None:
    for delay in (0.0, 0.01, 0.02, 0.05):
        with Worker(url_of_test_database(), "save", 1_000, 100) as worker:
            wait_until(partial(has_published, worker), "publishing twice")
            time.sleep(delay)

        (name,) = {each.name for each in segmentations.get_segmentations(COURSE_ID)}
        confirmed = worker.said("done")[-1][0]
        assert int(name.removeprefix("round ")) in (confirmed, confirmed + 1)
        versions = [segmentations.get_versions(COURSE_ID, id)[-1] for id in (100, 150, 199)]
        assert {version.segmentation.name for version in versions} == {name}
        listed = [experiment(id) for id in range(100, 200)]
        segmentations.save_segmentations(COURSE_ID, listed)
        assert segmentations.get_segmentations(COURSE_ID) == tuple(listed)


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Start a private server of the tested kind, create an experiment and yield the URL."""
    url = services("start", folder)
    try:
        yield url
    finally:
        services("stop", folder)


def services(verb: str, folder: Path) -> str:
    name = {"postgresql": "postgresql", "mysql": "mariadb"}[connection.vendor]
    command = [sys.executable, "scripts/services", verb, str(folder), name]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[1] if done.stdout else ""


def crash(folder: Path) -> None:
    """Crash the server as a power cut would: SIGQUIT for PostgreSQL, SIGKILL for MariaDB."""
    if connection.vendor == "postgresql":
        pid_file, how = folder / "postgresql" / "data" / "postmaster.pid", signal.SIGQUIT
    else:
        pid_file, how = folder / "mariadb" / "pid", signal.SIGKILL
    pid = int(pid_file.read_text().split()[0])
    os.kill(pid, how)
    wait_until(lambda: not Path(f"/proc/{pid}").exists() or is_zombie(pid), "crashing")


def is_zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


@contextmanager
def using(url: str) -> Iterator[None]:
    """Let this process use another database inside the block."""
    import dj_database_url

    database = connections.settings["default"]
    before = dict(database)
    connection.close()
    database.update(dj_database_url.parse(url))
    connections["default"] = connections.create_connection("default")
    try:
        yield
    finally:
        connection.close()
        database.clear()
        database.update(before)
        connections["default"] = connections.create_connection("default")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield a temporary folder that a server, which runs as another user, can read."""
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def prepare(url: str) -> None:
    with Worker(url, "migrate") as migrating:
        assert migrating.process.wait(SECONDS) == 0
    with using(url):
        segmentations.save_segmentations(COURSE_ID, [EXPERIMENT])


@pytest.mark.parametrize("how", ["stops", "crashes"])
def test_a_database_that_fails_and_recovers_has_all_confirmed_assignments(
    how: str, folder: Path
) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has no server")
    with server(folder) as url:
        prepare(url)
        with Worker(url, "visit", 1_000_000) as worker:
            wait_until(lambda: len(worker.said("done")) > 100, "100 visits")
            services("stop", folder) if how == "stops" else crash(folder)
            wait_until(lambda: worker.said("failed"), "the first failure")
            services("start", folder)
            until = len(worker.said("done")) + 100
            wait_until(lambda: len(worker.said("done")) > until, "100 visits more")

        reported = dict(worker.said("done"))
        assert all("repeat the call" in answer.lower() for _, answer in worker.said("failed"))
        with using(url):
            stored = members()
    assert reported == {number: chosen(user(number)) for number in reported}
    assert {
        user(number): group_id for number, group_id in reported.items()
    }.items() <= stored.items()
    assert len(stored) - len(reported) in (0, 1)


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    disk = folder / "disk"
    disk.mkdir()
    size = {"postgresql": "160m", "mysql": "220m", "sqlite": "8m"}[connection.vendor]
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(disk)],  # noqa: S607
        check=False,
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        pytest.skip(f"only root can mount a small disk: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)  # noqa: S607


def fill(disk: Path) -> Path:
    """Fill the disk to the last byte and return the file that fills it."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (2**20, 4096, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return filler


@contextmanager
def database_on(disk: Path) -> Iterator[str]:
    if connection.vendor == "sqlite":
        yield f"sqlite:///{disk / 'test.db'}"
        return
    with server(disk) as url:
        yield url


def test_nothing_is_half_done_on_a_full_disk_and_the_same_call_completes_later(
    small_disk: Path,
) -> None:
    size = 2_000
    with database_on(small_disk) as url:
        prepare(url)
        with Worker(url, "assign", 1_000, size) as worker:
            wait_until(lambda: len(worker.said("done")) > 1, "2 rounds")
            filler = fill(small_disk)
            wait_until(lambda: worker.said("failed"), "the first failure")
            filler.unlink()
            if connection.vendor != "sqlite":
                # PostgreSQL stops if it cannot write its log of changes.
                services("start", small_disk)
            until = len(worker.said("done")) + 1
            wait_until(lambda: len(worker.said("done")) > until, "2 rounds more")
        with using(url):
            stored = members()

    confirmed = [
        user(round_ * size + number) for round_, _ in worker.said("done") for number in range(size)
    ]
    assert set(confirmed) <= set(stored)
    assert stored == {user_id: chosen(user_id) for user_id in stored}
    counts = dict(worker.said("done"))
    assert all(sum(answer.values()) == size for answer in counts.values())
    assert all("repeat the call" in answer.lower() for _, answer in worker.said("failed"))


IMPATIENT: dict[str, dict[str, Any]] = {
    "postgresql": {"options": "-c lock_timeout=300ms"},
    "mysql": {"init_command": "SET SESSION innodb_lock_wait_timeout=1"},
    "sqlite": {"timeout": 0.3},
}


@contextmanager
def impatient() -> Iterator[None]:
    database = connections.settings["default"]
    options = database["OPTIONS"]
    database["OPTIONS"] = {**options, **IMPATIENT[connection.vendor]}
    connection.close()
    try:
        yield
    finally:
        database["OPTIONS"] = options
        connection.close()


@contextmanager
def open_transaction_that_assigns_ann() -> Iterator[int]:
    """Assign ann in another thread whose transaction stays open; yield the group id."""
    settled, leave = threading.Event(), threading.Event()
    assigned: list[int] = []

    def work() -> None:
        with transaction.atomic():
            assigned.append(api.assign_group(COURSE_ID, 100, "ann").id)
            settled.set()
            leave.wait(SECONDS)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    settled.wait(SECONDS)
    try:
        yield assigned[0]
    finally:
        leave.set()
        thread.join()


def test_a_lock_that_is_not_released_is_a_clear_error_and_a_retry_gives_the_same_group() -> None:
    segmentations.save_segmentations(COURSE_ID, [EXPERIMENT])
    with impatient():
        with open_transaction_that_assigns_ann() as assigned:
            with pytest.raises(NotStored, match="repeat the call"):
                api.assign_group(COURSE_ID, 100, "ann")
            with pytest.raises(NotStored, match="repeat the call"):
                api.assign_users(COURSE_ID, 100, ["ann", "bob"])
        assert api.assign_group(COURSE_ID, 100, "ann").id == assigned == chosen("ann")
        assert api.assign_users(COURSE_ID, 100, ["ann", "bob"]).total() == 2


def test_publishing_a_locked_course_is_a_clear_error_and_a_retry_succeeds() -> None:
    segmentations.save_segmentations(COURSE_ID, [EXPERIMENT])
    publishing, leave = threading.Event(), threading.Event()

    def publish() -> None:
        with transaction.atomic():
            segmentations.save_segmentations(COURSE_ID, [experiment(100, name="theirs")])
            publishing.set()
            leave.wait(SECONDS)
        connection.close()

    thread = threading.Thread(target=publish)
    with impatient():
        thread.start()
        publishing.wait(SECONDS)
        with pytest.raises(NotStored, match="repeat the call"):
            segmentations.save_segmentations(COURSE_ID, [experiment(100, name="ours")])
        leave.set()
        thread.join()
        segmentations.save_segmentations(COURSE_ID, [experiment(100, name="ours")])
    names = [v.segmentation.name for v in segmentations.get_versions(COURSE_ID, 100)]
    assert names == ["experiment 100", "theirs", "ours"]


def test_a_transaction_in_which_the_database_failed_is_rolled_back_completely() -> None:
    """Check that later work in the transaction is not stored after NotStored was raised."""
    if connection.vendor == "sqlite":
        pytest.skip("on SQLite the transaction itself cannot begin")
    segmentations.save_segmentations(COURSE_ID, [EXPERIMENT])
    with impatient(), open_transaction_that_assigns_ann():
        with contextlib.suppress(TransactionManagementError), transaction.atomic():
            segmentations.put_in_group(COURSE_ID, 100, "bob", 1, type="experiment")
            with contextlib.suppress(NotStored):
                api.assign_group(COURSE_ID, 100, "ann")
        connection.close()
    assert "bob" not in members()
