"""A workbench that runs in its own process with its own data."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from bok_choy.promise import EmptyPromise, Promise
from lxml import etree

REPOSITORY = Path(__file__).parents[1]
KINDS = REPOSITORY / "tests" / "data" / "kinds"
"""A course with one of each kind of Open edX's own blocks."""

_APPS = (
    "workbench",
    "xblock_experiments_course_user_segmentation",
    "xblock_experiments_experiments",
    "xblock_experiments_gradebook",
    "xblock_experiments_jobs",
    "xblock_experiments_retired",
    "xblock_experiments_user_tags",
)
_EVENT = "INFO xblock_experiments.events: "


class Workbench:
    """Serves the demo course and `kinds` on localhost. Works on jobs once it is told to.

    `restart` reuses the port and the data.
    """

    def __init__(self, folder: Path) -> None:
        self.log = folder / "workbench.log"
        self._data = folder / "data"
        self.event_log = self._data / "events.jsonl"
        self._address = f"127.0.0.1:{_free_port()}"
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "acceptance.settings",
            "PYTHONUNBUFFERED": "1",
            "XBLOCK_EXPERIMENTS_DATA": str(self._data),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._worker: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{self._address}"

    def start(self) -> None:
        shutil.copytree(KINDS, self._data / "courses" / KINDS.name)
        if self._django("migrate").wait():
            raise RuntimeError(self._last_words())
        self._serve()

    def stop(self) -> None:
        _end(self._process)
        _end(self._worker)
        self._process = self._worker = None

    def start_worker(self) -> None:
        """Work on jobs from now on. Until then they wait."""
        if self._worker is None:
            self._worker = self._django("run_jobs")

    def stop_worker(self) -> None:
        _end(self._worker)
        self._worker = None

    def restart(self) -> None:
        self.stop()
        self._serve()

    def add_course(self, source: Path, name: str) -> None:
        """Serve a copy of a course from the next page on, with the given name and a new id."""
        folder = self._data / "courses"
        copy = folder / f"{name}.partial"
        shutil.copytree(source, copy)
        root = etree.parse(copy / "course.xml").getroot()
        root.set("course", name)
        (copy / "course.xml").write_bytes(etree.tostring(root))
        copy.rename(folder / name)

    def stored(self) -> str:
        """Return all stored data of learners and courses, as JSON."""
        return self.command("dumpdata", *_APPS)

    def command(self, *arguments: str) -> str:
        """Run a Django command while the workbench runs, and return its output."""
        process = self._django(*arguments, output=subprocess.PIPE)
        printed, _ = process.communicate(timeout=60)
        if process.returncode:
            raise RuntimeError(self._last_words())
        return printed.decode()

    def events(self, name: str, learner: str) -> list[dict[str, Any]]:
        """Return the logged events of the learner, oldest first."""
        lines, _, _ = self.log.read_text(encoding="utf-8").rpartition("\n")
        logged = [
            json.loads(line.removeprefix(_EVENT))
            for line in lines.splitlines()
            if line.startswith(_EVENT)
        ]
        events = [each["data"] for each in logged if each["name"] == name]
        return [event for event in events if event["user_id"] == learner]

    def wait_for_events(
        self, name: str, learner: str, is_enough: Callable[[list[dict[str, Any]]], bool] = bool
    ) -> list[dict[str, Any]]:
        """Return the events when there are enough. Raises BrokenPromise after 10 seconds."""

        def check() -> tuple[bool, list[dict[str, Any]]]:
            events = self.events(name, learner)
            return is_enough(events), events

        promise = Promise(check, f"events {name} of {learner}", try_interval=0.1, timeout=10)
        found: list[dict[str, Any]] = promise.fulfill()
        return found

    def _serve(self) -> None:
        self._process = self._django("runserver", "--noreload", self._address)
        EmptyPromise(self._answers, f"{self.url} answers", try_interval=0.1, timeout=60).fulfill()

    def _django(self, *arguments: str, output: int | None = None) -> subprocess.Popen[bytes]:
        """Start a Django command. Its output goes to the log unless `output` is given."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "django", *arguments],
                cwd=REPOSITORY,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output or log,
                stderr=log,
            )

    def _answers(self) -> bool:
        """Return whether the workbench responds. It reads all courses before the first response."""
        if self._process is not None and self._process.poll() is not None:
            raise RuntimeError(self._last_words())
        try:
            with build_opener(ProxyHandler({})).open(self.url, timeout=30) as response:
                return bool(response.status == 200)
        except (URLError, ConnectionError):
            return False

    def _last_words(self) -> str:
        return (
            f"The command of the workbench failed:\n{self.log.read_text(encoding='utf-8')[-2000:]}"
        )


def _end(process: subprocess.Popen[bytes] | None) -> None:
    if process is None:
        return
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
