"""The check of a bundle: every alteration is found and pointed at."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from tests.builders import COURSE_ID, experiment, segmentation
from tests.bundles import SITE, export, fill, learner, people_of, rewrite, rows
from xblock_experiments.course_user_segmentation.api import (
    get_history,
    get_versions,
    put_in_group,
    save_segmentations,
)
from xblock_experiments.course_user_segmentation.data import Group
from xblock_experiments.course_user_segmentation.models import PastChange
from xblock_experiments.experiments.api import assign_users, replay
from xblock_experiments.research.api import verify_bundle
from xblock_experiments.research.bundle import Bundle
from xblock_experiments.research.tables import TABLES
from xblock_experiments.research.verification.findings import Report
from xblock_experiments.research.verify import main

pytestmark = [pytest.mark.django_db, pytest.mark.one_django]

ROOT = Path(__file__).parents[1]
ASSIGNMENTS = "csv/assignments.csv"
quickly = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture
def bundle(tmp_path: Path, settings: Settings) -> Bundle:
    """Return a bundle of a course in a folder, beside its file of people."""
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, **SITE}
    fill()
    return export(tmp_path, people=tmp_path / "people.csv", with_parquet=True)


@pytest.fixture
def files(bundle: Bundle) -> dict[str, bytes]:
    paths = [path for path in bundle.path.rglob("*") if path.is_file()]
    return {path.relative_to(bundle.path).as_posix(): path.read_bytes() for path in paths}


def check(bundle: Bundle, *, with_people: bool = False) -> Report:
    people = bundle.path.parent / "people.csv" if with_people else None
    return verify_bundle(bundle.path, manifest=bundle.manifest, people=people)


def places(report: Report) -> set[tuple[str, int | None]]:
    return {(fault.file, fault.line) for fault in report.faults}


def test_a_bundle_is_sound_and_all_its_assignments_are_computed_again(bundle: Bundle) -> None:
    report = check(bundle, with_people=True)
    whys = [row["why"] for row in rows(bundle.path, "assignments")]

    assert report.faults == ()
    assert report.is_sound
    assert report.rows == bundle.rows
    assert report.derived == len(whys) - whys.count("put")
    assert report.recorded == whys.count("put") >= 2
    assert whys.count("group removed") > 3


def test_an_archive_is_sound_too(bundle: Bundle, tmp_path: Path) -> None:
    archive = export(tmp_path, "bundle.zip", with_parquet=True)

    assert check(archive, with_people=True).faults == ()


def test_computing_again_agrees_with_replay(bundle: Bundle) -> None:
    """Compare on the learners' own histories, half of which are recorded wrongly."""
    people = people_of(bundle.path.parent / "people.csv")
    numbers = {"2": b"3", "3": b"2", "1": b"2"}
    wrong: set[int] = set()

    def change(lines: list[bytes]) -> None:
        for line, row in enumerate(rows(bundle.path, "assignments"), 1):
            if row["why"] == "assigned" and line % 2:
                cells = lines[line].split(b",")
                cells[5] = numbers[cells[5].decode()]
                lines[line] = b",".join(cells)
                wrong.add(line + 1)

    rewrite(bundle.path / ASSIGNMENTS, change)
    report = check(bundle, with_people=True)
    found = {fault.line for fault in report.faults if "the group is" in fault.what}

    assert wrong
    assert found == wrong
    versions = get_versions(COURSE_ID, 100)
    for user_id in people.values():
        history = get_history(COURSE_ID, 100, user_id, type="experiment")
        assert replay(COURSE_ID, versions, history) == tuple(each.to_group_id for each in history)


def test_segmentations_of_two_types_with_the_same_id_are_told_apart(tmp_path: Path) -> None:
    cohorts = segmentation(100, "cohort", (Group(7, "Seven"), Group(8, "Eight")))
    learners = [learner(number) for number in range(40)]
    for group_ids in ((1, 2, 3), (2, 3)):
        save_segmentations(COURSE_ID, [cohorts])
        for user_id in learners[:20]:
            put_in_group(COURSE_ID, 100, user_id, group_ids[0] + 6, type="cohort")
        save_segmentations(COURSE_ID, [experiment(100, *group_ids)])
        assign_users(COURSE_ID, 100, learners)
    bundle = export(tmp_path, people=tmp_path / "people.csv")
    report = check(bundle, with_people=True)
    numbers = {row["type"]: set[str]() for row in rows(bundle.path, "assignments")}
    for row in rows(bundle.path, "assignments"):
        numbers[row["type"]].add(row["number"])

    assert report.faults == ()
    assert report.recorded == 40
    assert report.derived > 40
    assert numbers == {"cohort": {"1", "2"}, "experiment": {"1", "2"}}


TAMPERINGS: dict[str, Callable[[list[bytes], int], int]] = {}
"""Changes of the lines of a table at a place. Each returns the line to be pointed at."""


def tampering(change: Callable[[list[bytes], int], int]) -> Callable[[list[bytes], int], int]:
    TAMPERINGS[change.__name__] = change
    return change


@tampering
def remove(lines: list[bytes], at: int) -> int:
    del lines[at]
    return at + 1


@tampering
def repeat(lines: list[bytes], at: int) -> int:
    lines.insert(at, lines[at])
    return at + 2


@tampering
def add(lines: list[bytes], at: int) -> int:
    lines.insert(at, lines[at] + b"0")
    return at + 1


@tampering
def swap(lines: list[bytes], at: int) -> int:
    other = at - 1 if at > 1 else at + 1
    lines[at], lines[other] = lines[other], lines[at]
    return at + 1


@tampering
def empty(lines: list[bytes], at: int) -> int:
    lines[at] = b""
    return at + 1


@tampering
def cut_the_end(lines: list[bytes], at: int) -> int:
    del lines[at:-1]
    return at + 1


@tampering
def quote(lines: list[bytes], at: int) -> int:
    lines[at] = b'"' + lines[at]
    return at + 1


@quickly
@given(data=st.data())
def _every_alteration_of_rows_is_pointed_at(
    bundle: Bundle, files: dict[str, bytes], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from([f"csv/{table.name}.csv" for table in TABLES]))
    path = bundle.path / name
    count = files[name].count(b"\r\n")
    change = data.draw(st.sampled_from(sorted(TAMPERINGS)))
    # A table with one row has nothing to swap.
    if count < 3 and change == "swap":
        return
    at = data.draw(st.integers(1, count - 1))
    pointed: list[int] = []
    rewrite(path, lambda lines: pointed.append(TAMPERINGS[change](lines, at)))
    try:
        assert (name, pointed[0]) in places(check(bundle)), (change, at)
    finally:
        path.write_bytes(files[name])


def test_every_alteration_of_rows_is_pointed_at(bundle: Bundle, files: dict[str, bytes]) -> None:
    _every_alteration_of_rows_is_pointed_at(bundle=bundle, files=files)


@quickly
@given(data=st.data())
def _every_altered_byte_is_found(
    bundle: Bundle, files: dict[str, bytes], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(name for name in files if files[name])))
    at = data.draw(st.integers(0, len(files[name]) - 1))
    altered = bytearray(files[name])
    altered[at] ^= data.draw(st.integers(1, 255))
    path = bundle.path / name
    path.write_bytes(altered)
    line = files[name][:at].count(b"\r\n") + 1 if name.startswith("csv/") else None
    try:
        assert (name, line) in places(check(bundle)), at
    finally:
        path.write_bytes(files[name])


def test_every_altered_byte_is_found(bundle: Bundle, files: dict[str, bytes]) -> None:
    _every_altered_byte_is_found(bundle=bundle, files=files)


def test_two_swapped_rows_are_the_only_ones_that_are_named(bundle: Bundle) -> None:
    def change(lines: list[bytes]) -> None:
        lines[3], lines[20] = lines[20], lines[3]

    rewrite(bundle.path / "csv/learners.csv", change)

    assert places(check(bundle)) == {
        ("csv/learners.csv", None),
        ("csv/learners.csv", 4),
        ("csv/learners.csv", 21),
    }


def test_a_missing_row_does_not_make_the_rows_after_it_suspicious(bundle: Bundle) -> None:
    rewrite(bundle.path / "csv/learners.csv", lambda lines: lines.remove(lines[3]))
    report = check(bundle)
    of_learners = [fault for fault in report.faults if fault.file == "csv/learners.csv"]

    assert {fault.line for fault in of_learners} == {None, 4}
    # The rows about that learner name somebody who is not there.
    assert any("is not in learners" in fault.what for fault in report.faults)


def resign(bundle: Bundle, name: str) -> str:
    """Compute all hashes of a table anew, as whoever alters it could, and return the new hash."""
    path = bundle.path / "csv" / f"{name}.csv"
    *lines, _ = path.read_bytes().split(b"\r\n")
    row_hashes = bundle.path / "rows" / f"{name}.sha256"
    row_hashes.write_bytes(b"".join(sha256(line).digest() for line in lines[1:]))
    manifest = bundle.path / "manifest.json"
    found = json.loads(manifest.read_text())
    for each in (path, row_hashes):
        entry = found["files"][each.relative_to(bundle.path).as_posix()]
        entry["sha256"] = sha256(each.read_bytes()).hexdigest()
        entry["bytes"] = each.stat().st_size
    hashes = row_hashes.read_bytes()
    blocks = [hashes[at : at + 32_000] for at in range(0, len(hashes), 32_000)]
    found["tables"][name]["blocks"] = [sha256(block).hexdigest() for block in blocks]
    found["tables"][name]["rows"] = len(lines) - 1
    manifest.write_text(json.dumps(found))
    return sha256(manifest.read_bytes()).hexdigest()


def test_a_wrong_group_is_found_although_all_hashes_were_computed_anew(bundle: Bundle) -> None:
    def change(lines: list[bytes]) -> None:
        cells = lines[7].split(b",")
        cells[5] = b"3" if cells[5] != b"3" else b"2"
        lines[7] = b",".join(cells)

    rewrite(bundle.path / ASSIGNMENTS, change)
    forged = resign(bundle, "assignments")
    people = bundle.path.parent / "people.csv"
    report = verify_bundle(bundle.path, manifest=forged, people=people)

    assert (ASSIGNMENTS, 8) in places(report)
    assert any("the group is" in fault.what for fault in report.faults)
    assert places(check(bundle, with_people=True)) == {("manifest.json", None)}


def cell(at: int, value: bytes) -> Callable[[list[bytes], int], int]:
    """Return a change of one cell of a row."""

    def change(lines: list[bytes], row: int) -> int:
        cells = lines[row].split(b",")
        cells[at] = value
        lines[row] = b",".join(cells)
        return row + 1

    return change


def move_to_the_end(lines: list[bytes], at: int) -> int:
    lines.insert(-1, lines.pop(at))
    return len(lines) - 1


FORGERIES: dict[str, tuple[Callable[[list[bytes], int], int], str]] = {
    "a quoted reason": (cell(10, b'"assigned"'), "not written as"),
    "a quoted type": (cell(9, b'"experiment"'), "not written as"),
    "an unknown reason": (cell(10, b"drawn"), "reason 'drawn' is unknown"),
    "a reason that types without a draw lack": (cell(9, b"cohort"), "reason 'assigned' is unknown"),
    "a group with a leading zero": (cell(5, b"02"), "not written as"),
    "an unknown flag": (cell(6, b"True"), "not written as"),
    "another group before": (cell(4, b"9"), "the group before is '9', not ''"),
    "another number": (cell(2, b"2"), "the number of the move is '2', not 1"),
    "a number with a leading zero": (cell(2, b"01"), "the number of the move is '01', not 1"),
    "a repeated row": (repeat, "the number of the move is '1', not 2"),
    "a misplaced row": (move_to_the_end, "not in the order"),
    "a missing row": (remove, "the number of the move is '2', not 1"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_moves_that_do_not_follow_are_found_although_all_hashes_were_computed_anew(
    forgery: str, bundle: Bundle
) -> None:
    change, what = FORGERIES[forgery]
    found = rows(bundle.path, "assignments")
    # the first move of a learner who has a second one
    at = next(line for line, row in enumerate(found) if row["number"] == "2")
    pointed: list[int] = []
    rewrite(bundle.path / ASSIGNMENTS, lambda lines: pointed.append(change(lines, at)))
    report = verify_bundle(bundle.path, manifest=resign(bundle, "assignments"))
    named = [fault.what for fault in report.faults if fault.line == pointed[0]]

    assert any(what in each for each in named)


def test_a_row_that_was_altered_with_its_hash_is_among_those_that_are_named(
    bundle: Bundle,
) -> None:
    manifest = (bundle.path / "manifest.json").read_bytes()
    rewrite(bundle.path / "csv/scores.csv", lambda lines: lines.__setitem__(5, lines[6]))
    resign(bundle, "scores")
    (bundle.path / "manifest.json").write_bytes(manifest)
    named = {fault.line: fault.what for fault in check(bundle).faults if fault.line}

    assert "rows up to line 91 were altered" in named[2]
    assert check(bundle).rows == bundle.rows


def test_columns_of_another_version_are_said_to_be_unknown(bundle: Bundle) -> None:
    """Say so, because nobody may believe that the assignments were computed again."""
    path = bundle.path / "manifest.json"
    found = json.loads(path.read_text())
    found["tables"]["assignments"]["columns"].append({"name": "place"})
    path.write_text(json.dumps(found))
    rewrite(bundle.path / ASSIGNMENTS, lambda lines: lines.__setitem__(0, lines[0] + b",place"))
    sha = resign(bundle, "assignments")
    people = bundle.path.parent / "people.csv"

    assert verify_bundle(bundle.path, manifest=sha).is_sound
    (fault,) = verify_bundle(bundle.path, manifest=sha, people=people).faults
    assert "does not know its columns" in fault.what


def test_a_learner_with_another_id_is_found(bundle: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(path.read_text().replace(learner(5), "somebody else"))
    pseudonym = next(who for who, id in people_of(path).items() if id == "somebody else")
    own = {
        line
        for line, row in enumerate(rows(bundle.path, "assignments"), 2)
        if row["learner"] == pseudonym
    }

    assert {line for _, line in places(check(bundle, with_people=True))} <= own


def test_a_learner_who_is_not_among_the_people_is_named(bundle: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    report = check(bundle, with_people=True)

    assert report.faults
    assert all("learner is not among the people" in fault.what for fault in report.faults)


@pytest.mark.parametrize(
    "text",
    [
        *("", "pseudonym\n", "a,b\nc,d\n", "pseudonym,user_id\none\n", "\xff"),
        "pseudonym,user_id\na,1\na,2\n",
        "pseudonym,user_id\na,1\nb,1\n",
    ],
)
def test_a_file_that_is_not_of_people_is_a_fault(text: str, bundle: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "others.csv"
    path.write_bytes(text.encode("latin-1"))
    report = verify_bundle(bundle.path, manifest=bundle.manifest, people=path)

    assert [fault.file for fault in report.faults] == [str(path)]


def test_a_file_of_people_that_a_spreadsheet_saved_is_read(bundle: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert check(bundle, with_people=True).is_sound


def test_a_move_without_a_stored_version_is_uncertain(tmp_path: Path) -> None:
    fill()
    rows_of_past = PastChange.objects.filter(why="assigned")
    rows_of_past.update(version_by_time=True)
    first = rows_of_past[0]
    first.to_group_id = 2 if first.to_group_id != 2 else 3
    first.save()
    report = check(export(tmp_path, people=tmp_path / "people.csv"), with_people=True)

    assert report.uncertain == 1


def test_a_file_that_is_missing_or_that_nobody_exported_is_named(bundle: Bundle) -> None:
    (bundle.path / "README.md").rename(bundle.path / "READ.md")
    (bundle.path / "link").symlink_to(bundle.path / "manifest.json")

    assert places(check(bundle)) == {("README.md", None), ("READ.md", None), ("link", None)}


def test_what_is_no_file_is_named(bundle: Bundle) -> None:
    os.mkfifo(bundle.path / "csv" / "pipe")
    (bundle.path / "empty").mkdir()

    assert places(check(bundle)) == {("csv/pipe", None), ("empty", None)}


@pytest.mark.parametrize("name", ["manifest.json", "README.md", "csv/scores.csv"])
def test_a_pipe_in_place_of_a_file_is_not_waited_for(name: str, bundle: Bundle) -> None:
    (bundle.path / name).unlink()
    os.mkfifo(bundle.path / name)

    assert f"{name}: it cannot be read: it is no file" in map(str, check(bundle).faults)


def test_data_in_a_member_that_is_named_like_a_folder_is_found(
    bundle: Bundle, tmp_path: Path
) -> None:
    archive = packed(bundle, tmp_path / "other.zip", ("people.csv/", b"a,b"), ("csv/", b""))

    assert places(verify_bundle(archive, manifest=bundle.manifest)) == {("people.csv/", None)}


def test_a_link_in_place_of_a_file_is_not_followed(bundle: Bundle, tmp_path: Path) -> None:
    readme = bundle.path / "README.md"
    readme.rename(tmp_path / "elsewhere")
    readme.symlink_to(tmp_path / "elsewhere")

    assert [str(fault) for fault in check(bundle).faults] == [
        "README.md: it cannot be read: it is a link"
    ]


def packed(bundle: Bundle, path: Path, *more: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in sorted(bundle.path.rglob("*")):
            if each.is_file():
                archive.write(each, each.relative_to(bundle.path))
        for name, data in more:
            archive.writestr(name, data)
    return path


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "name",
    ["../escaped", "/escaped", "csv/../../escaped", "README.md", "csv/scores.csv"],
)
def test_an_archive_with_other_or_repeated_files_is_not_unpacked(
    name: str, bundle: Bundle, tmp_path: Path
) -> None:
    archive = packed(bundle, tmp_path / "other.zip", (name, b"x"))
    before = set(tmp_path.rglob("*"))
    report = verify_bundle(archive, manifest=bundle.manifest)

    assert places(report) == {(name, None)}
    assert set(tmp_path.rglob("*")) == before


def test_a_file_that_unpacks_to_more_than_its_size_is_not_read_to_its_end(
    bundle: Bundle, tmp_path: Path
) -> None:
    path = bundle.path / "csv" / "scores.csv"
    with path.open("ab") as file:
        file.write(b"0" * (64 << 20))
    archive = packed(bundle, tmp_path / "other.zip")

    assert ("csv/scores.csv", None) in places(verify_bundle(archive, manifest=bundle.manifest))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"format": 2}',
        '{"format": 1, "course_id": 1}',
        "[" * 100_000,
        "\x00",
    ],
)
def test_a_manifest_that_is_none_is_a_fault(text: str, bundle: Bundle) -> None:
    (bundle.path / "manifest.json").write_text(text)
    sha = sha256(text.encode()).hexdigest()
    (fault,) = verify_bundle(bundle.path, manifest=sha).faults

    assert (fault.file, fault.line) == ("manifest.json", None)
    assert fault.what.startswith("it cannot be read")


@pytest.mark.parametrize(
    ("field", "value"), [("references", [{"columns": [], "table": "learners"}]), ("rows", -1)]
)
def test_a_manifest_that_describes_no_table_is_a_fault(
    field: str, value: Any, bundle: Bundle
) -> None:
    path = bundle.path / "manifest.json"
    found = json.loads(path.read_text())
    found["tables"]["scores"][field] = value
    path.write_text(json.dumps(found))
    sha = sha256(path.read_bytes()).hexdigest()

    assert places(verify_bundle(bundle.path, manifest=sha)) == {("manifest.json", None)}


def test_nothing_is_read_by_a_manifest_with_another_hash(bundle: Bundle) -> None:
    (bundle.path / "README.md").unlink()
    report = verify_bundle(bundle.path, manifest="0" * 64)

    assert places(report) == {("manifest.json", None)}
    assert report.rows == 0


def test_a_file_of_hashes_is_read_up_to_the_number_of_rows_only(
    bundle: Bundle, tmp_path: Path
) -> None:
    with (bundle.path / "rows" / "scores.sha256").open("ab") as file:
        for _ in range(256):
            file.write(b"0" * (1 << 20))
    manifest = bundle.path / "manifest.json"
    found = json.loads(manifest.read_text())
    found["files"]["rows/scores.sha256"]["bytes"] = 1 << 40
    manifest.write_text(json.dumps(found))
    archive = packed(bundle, tmp_path / "other.zip")
    tracemalloc.start()
    try:
        report = verify_bundle(archive, manifest=sha256(manifest.read_bytes()).hexdigest())
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()

    assert ("rows/scores.sha256", None) in places(report)


def test_an_archive_without_a_manifest_is_a_fault(bundle: Bundle, tmp_path: Path) -> None:
    (bundle.path / "manifest.json").unlink()
    archive = packed(bundle, tmp_path / "other.zip")

    assert places(verify_bundle(archive, manifest=bundle.manifest)) == {("manifest.json", None)}


def test_a_member_that_cannot_be_unpacked_is_a_fault(bundle: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for each in sorted(bundle.path.rglob("*")):
            archive.write(each, each.relative_to(bundle.path))
        at = archive.getinfo("README.md").header_offset + 60
    data = bytearray(path.read_bytes())
    data[at : at + 20] = bytes(each ^ 255 for each in data[at : at + 20])
    path.write_bytes(data)

    assert places(verify_bundle(path, manifest=bundle.manifest)) == {("README.md", None)}


def test_an_archive_whose_names_are_no_text_is_a_fault(bundle: Bundle, tmp_path: Path) -> None:
    path = packed(bundle, tmp_path / "other.zip", ("é", b""))
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xff\xfe"))

    assert places(verify_bundle(path, manifest=bundle.manifest)) == {(str(path), None)}


@pytest.mark.parametrize("data", [None, b"", b"PK\x03\x04 no archive"])
def test_a_path_that_is_no_bundle_is_a_fault(data: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    if data is not None:
        path.write_bytes(data)
    (fault,) = verify_bundle(path, manifest="0" * 64).faults

    assert (fault.file, fault.line) == (str(path), None)


def test_only_a_thousand_faults_of_a_file_are_listed(bundle: Bundle) -> None:
    rewrite(bundle.path / ASSIGNMENTS, lambda lines: lines.insert(1, b"\r\n" * 1_500))
    report = check(bundle)

    assert len([fault for fault in report.faults if fault.file == ASSIGNMENTS]) == 1_000
    assert report.more > 500


CHECK_ALONE = """
import sys
sys.modules.update(django=None, xblock=None, lxml=None, opaque_keys=None)
from xblock_experiments.research.verify import main
sys.exit(main())
"""


def test_the_check_needs_the_standard_library_only(bundle: Bundle, tmp_path: Path) -> None:
    """Run it without site packages, so that nothing else can be imported."""
    done = subprocess.run(
        [
            *(sys.executable, "-S", "-W", "error", "-c", CHECK_ALONE, str(bundle.path)),
            *("--manifest", bundle.manifest, "--people", str(tmp_path / "people.csv")),
        ],
        cwd=ROOT,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("The bundle is as it was exported.\n")


def test_faults_are_printed_without_control_characters(
    bundle: Bundle, capsys: pytest.CaptureFixture[str]
) -> None:
    (bundle.path / "a\x1b[31m\n").write_text("")

    assert main([str(bundle.path), "--manifest", bundle.manifest]) == 1
    assert capsys.readouterr().out.splitlines()[0] == "a?[31m?: the file is not in the manifest"


def test_the_check_changes_nothing(bundle: Bundle, files: dict[str, Any], tmp_path: Path) -> None:
    shutil.copytree(bundle.path, tmp_path / "copy")
    check(bundle, with_people=True)

    for name, data in files.items():
        assert (bundle.path / name).read_bytes() == data
