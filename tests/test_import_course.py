"""The command that imports a course export into the workbench."""

from __future__ import annotations

import io
import shutil
import tarfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.workbench.storage import serving

pytestmark = pytest.mark.django_db

DEMO = Path(__file__).parents[1] / "workbench" / "energy"
COURSE_ID = "course-v1:DemoX+Energy+2026"


@pytest.fixture(autouse=True)
def imported(settings: Settings, tmp_path: Path) -> Path:
    folder = tmp_path / "imported"
    settings.XBLOCK_EXPERIMENTS = {"COURSES": [], "IMPORTED": folder}
    return folder


def import_course(path: Path) -> str:
    out = io.StringIO()
    call_command("import_course", str(path), stdout=out, no_color=True)
    return out.getvalue()


def archive(source: Path, target: Path) -> Path:
    with tarfile.open(target, "w:gz") as tar:
        tar.add(source, "course")
    return target


@pytest.mark.parametrize("kind", ["folder", "archive"])
def test_an_imported_course_is_served_after_its_source_was_deleted(
    kind: str, tmp_path: Path, client: Client
) -> None:
    source = tmp_path / "my export"
    shutil.copytree(DEMO, source)
    (source / "policies" / "2026" / "notes.json").write_text("{}")
    if kind == "archive":
        source = archive(source, tmp_path / "my export.tar.gz")
    output = import_course(source)
    source.rename(tmp_path / "elsewhere")
    serving.forget()

    assert output.splitlines()[-1] == (
        f"{COURSE_ID}: 69 blocks imported. Problems (listed above): 1. "
        "Open /scenario/demox-energy-2026/ in the workbench."
    )
    assert "policies/2026/notes.json: no block that can run here refers to it" in output
    assert "/scenario/demox-energy-2026/" in client.get("/").content.decode()
    assert client.get("/scenario/demox-energy-2026.first_steps/").status_code == 200
    assert b"".join(client.get("/courses/demox-energy-2026/static/loop.svg").streaming_content)  # type: ignore[attr-defined]
    assert [s.id for s in segmentations.get_segmentations(COURSE_ID)] == [1617, 1702]


def test_importing_again_replaces_the_course(
    tmp_path: Path, client: Client, imported: Path
) -> None:
    source = tmp_path / "energy"
    shutil.copytree(DEMO, source)
    import_course(source)
    client.get("/")
    chapter = source / "chapter" / "moving_heat.xml"
    chapter.write_text(chapter.read_text().replace("Moving heat uphill", "A new title"))
    import_course(source)
    serving.forget()

    assert "A new title" in client.get("/scenario/demox-energy-2026/").content.decode()
    assert {path.name for path in imported.iterdir()} == {".lock", "demox-energy-2026"}


def test_an_unreadable_course_leaves_no_files(tmp_path: Path, imported: Path) -> None:
    source = tmp_path / "energy"
    shutil.copytree(DEMO, source)
    import_course(source)
    (source / "course.xml").write_text("<course")

    with pytest.raises(CommandError, match=r"course\.xml: it is not well-formed XML"):
        import_course(source)
    assert {path.name for path in imported.iterdir()} == {".lock", "demox-energy-2026"}
    assert (imported / "demox-energy-2026" / "course.xml").read_bytes() == (
        DEMO / "course.xml"
    ).read_bytes()


def test_a_listed_course_keeps_its_address_after_its_import(
    settings: Settings, imported: Path, client: Client
) -> None:
    settings.XBLOCK_EXPERIMENTS = {"COURSES": [DEMO], "IMPORTED": imported}
    output = import_course(DEMO)
    serving.forget()

    assert "Open /scenario/energy/ in" in output
    assert client.get("/scenario/energy/").status_code == 200


def test_a_database_without_tables_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise OperationalError("no such table")

    monkeypatch.setattr("xblock_experiments.workbench.storage.serving.save_segmentations", fail)

    with pytest.raises(CommandError, match="Run `migrate` first"):
        import_course(DEMO)


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_a_path_that_is_no_course_is_named_in_the_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(CommandError, match=name):
        import_course(tmp_path / name)
