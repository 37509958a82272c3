"""Kinds of jobs for tests."""

from __future__ import annotations

import time
from pathlib import Path

from xblock_experiments.jobs.kinds import Form, Kind, Progress, Write


def kind_of(write: Write, name: str = "test") -> Kind:
    form = Form(name="text", label="Text", suffix=".txt", media_type="text/plain", write=write)
    return Kind(name=name, label="Test", help="A text.", forms=(form,))


def write_text(course_id: str, path: Path, progress: Progress) -> None:
    """Write the course's id in three steps."""
    progress.expect(3)
    for _ in range(3):
        progress.step()
    path.write_text(course_id)


def gated(gate: Path) -> Write:
    """Return a function that makes steps until the gate exists, and then writes its text."""

    def write(course_id: str, path: Path, progress: Progress) -> None:
        with path.open("w") as out:
            out.write(f"{course_id}\n")
            while not gate.exists():
                progress.step()
                time.sleep(0.01)
            out.write(gate.read_text())

    return write
