"""The command that writes a report: its file is complete, or it does not exist."""

from __future__ import annotations

import io
import json
import signal
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test.utils import override_settings

from tests.builders import COURSE_ID, experiment
from tests.test_grades_of_learners import BLOCKS, put, score, structure
from tests.unloading import unload
from xblock_experiments.course_user_segmentation.api import save_segmentations
from xblock_experiments.gradebook.api import save_structure, write_report

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

NAMES = ("grades", "problems", "assignments", "exposures")


@pytest.fixture(autouse=True)
def _course() -> None:
    save_segmentations(COURSE_ID, [experiment(100, 1, 2, 3, name="Größe")])
    save_structure(structure(1, 2, 3), ["homework", *BLOCKS])
    put("ann", 1)
    score("ann", "common", 1)


def run(path: Path, *arguments: str, course_id: str = COURSE_ID) -> str:
    out = io.StringIO()
    given = arguments or ("grades",)
    call_command("write_report", course_id, *given, "--to", str(path), stdout=out, no_color=True)
    return out.getvalue()


def written(name: str, **options: Any) -> bytes:
    out = io.StringIO(newline="")
    write_report(name, COURSE_ID, out, **options)
    return out.getvalue().encode()


@pytest.mark.parametrize("name", NAMES)
def test_the_file_has_what_the_function_writes(name: str, tmp_path: Path) -> None:
    run(tmp_path / "report", name)

    assert (tmp_path / "report").read_bytes() == written(name)


def test_the_command_says_how_many_rows_it_wrote(tmp_path: Path) -> None:
    assert run(tmp_path / "report.csv") == f"{tmp_path / 'report.csv'}: 1 rows.\n"


def test_a_byte_order_mark_and_json_come_on_request(tmp_path: Path) -> None:
    run(tmp_path / "a.csv", "grades", "--bom")
    run(tmp_path / "a.json", "grades", "--format", "json")

    assert (tmp_path / "a.csv").read_bytes() == written("grades", with_bom=True)
    (row,) = map(json.loads, (tmp_path / "a.json").read_text(encoding="utf-8").splitlines())
    assert row["Experiment Group (Größe)"] == "Group 1"


def test_a_byte_order_mark_in_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="--bom is for CSV only"):
        run(tmp_path / "a.json", "grades", "--format", "json", "--bom")

    assert not list(tmp_path.iterdir())


def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    run(tmp_path / "report.csv")

    assert stat.S_IMODE((tmp_path / "report.csv").stat().st_mode) == 0o600


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(CommandError, match="mine already exists"):
        run(tmp_path / "mine")

    assert (tmp_path / "mine").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("course_id", "reason"), [("course-v1:Other+Course+1", "structure"), ("", "The id of a course")]
)
def test_an_unknown_course_is_an_error_and_leaves_nothing(
    course_id: str, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match=f"Cannot write the report 'grades'.*{reason}"):
        run(tmp_path / "report.csv", course_id=course_id)

    assert not list(tmp_path.iterdir())


def test_an_unknown_report_is_refused_with_the_names_of_all(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refused:
        run(tmp_path / "report.csv", "marks")

    assert all(name in str(refused.value) for name in NAMES)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_report_leaves_nothing(
    number: signal.Signals, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = f"tests.test_write_report.learners_until_{number.name}"
    with (
        override_settings(XBLOCK_EXPERIMENTS={"LEARNERS": source}),
        pytest.raises(SystemExit) as stopped,
    ):
        run(tmp_path / "report.csv")

    assert stopped.value.code == 128 + number
    assert "report.csv was not written" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def learners_until_SIGINT(course_id: str) -> Iterator[str]:  # noqa: N802 - the name of a signal
    yield "ann"
    signal.raise_signal(signal.SIGINT)


def learners_until_SIGTERM(course_id: str) -> Iterator[str]:  # noqa: N802 - the name of a signal
    yield "ann"
    signal.raise_signal(signal.SIGTERM)


def test_progress_is_shown_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(
        "xblock_experiments.commands.progress.progress_bar",
        lambda unit, total, delay: Bar(shown, f"{unit} of {total}"),
    )
    put("bob", 1)
    run(tmp_path / "report.csv")
    run(tmp_path / "moves.csv", "assignments")

    assert shown == ["rows of 2", "rows of 2", "rows of None", "rows of None"]


class Bar:
    """A bar that notes its unit at each update."""

    def __init__(self, shown: list[str], unit: str) -> None:
        self._shown = shown
        self._unit = unit

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self) -> None:
        self._shown.append(self._unit)


def test_tqdm_is_not_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    unload("xblock_experiments.commands.progress", monkeypatch)
    run(tmp_path / "report.csv")

    assert (tmp_path / "report.csv").exists()
