"""Receivers of events: an event bus that records, a Redis and a learning record store."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.core.management import call_command
from openedx_events.event_bus import EventBusProducer

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class ReceivedEvent:
    """An event as a bus received it."""

    id: str
    type: str
    topic: str
    key_field: str
    data: Any


class Recorder(EventBusProducer):
    """An event bus in this process. It accepts events until it is full."""

    received: ClassVar[list[ReceivedEvent]] = []
    room: ClassVar[float] = float("inf")

    def send(
        self, *, signal: Any, topic: str, event_key_field: str, event_data: Any, event_metadata: Any
    ) -> None:
        if len(self.received) >= self.room:
            msg = "the bus is full"
            raise BufferError(msg)
        (data,) = event_data.values()
        id = str(event_metadata.id)
        self.received.append(ReceivedEvent(id, signal.event_type, topic, event_key_field, data))


class Killer(Recorder):
    """Records each event in a file, and kills its process after a given number of events."""

    def send(self, **event: Any) -> None:
        super().send(**event)
        with Path(os.environ["RECEIVED"]).open("a") as file:
            file.write(f"{self.received[-1].id}\n")
        if len(self.received) == int(os.environ["KILL_AFTER"]):
            os.kill(os.getpid(), signal.SIGKILL)


def send_events(*arguments: str) -> None:
    call_command("send_events", *arguments, stdout=StringIO())


class Redis:
    """A private Redis that can be stopped and started again with its data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = self.start()

    def start(self) -> str:
        return self._call("start").split()[1]

    def stop(self) -> None:
        self._call("stop")

    def _call(self, verb: str) -> str:
        command = [str(ROOT / "scripts" / "services"), verb, str(self.folder), "redis"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return done.stdout


@contextmanager
def redis(folder: Path) -> Iterator[Redis]:
    if not shutil.which("redis-server") and not os.environ.get("CI"):
        pytest.skip("redis-server was not found: run scripts/services install")
    server = Redis(folder)
    yield server
    server.stop()


@dataclass
class Store:
    """A learning record store on its own port."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    """Status codes for the next requests. All later requests get 200."""
    says: list[bytes] = field(default_factory=list)
    """Bodies for the next requests. All later requests get the ids of their statements."""
    requests: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    """The path, headers and content of each request."""

    @property
    def statements(self) -> list[Any]:
        return [statement for _, _, content in self.requests for statement in content]


@contextmanager
def record_store() -> Iterator[Store]:
    store = Store()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            headers = {name.lower(): value for name, value in self.headers.items()}
            store.requests.append((self.path, headers, content))
            status = store.answers.pop(0) if store.answers else 200
            ids = json.dumps([statement["id"] for statement in content]).encode()
            body = store.says.pop(0) if store.says else ids
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/login")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            """Answer the page that a redirect leads to."""
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    store.url = f"http://127.0.0.1:{server.server_port}/xapi"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield store
    server.shutdown()
    thread.join()
    server.server_close()
