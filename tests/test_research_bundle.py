"""The research bundle: what is in it, what is not, and what is left after an error."""

from __future__ import annotations

import csv
import hmac
import io
import json
import re
import signal
import stat
import sys
import zipfile
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pyarrow.parquet import ParquetFile
from pytest_django import Settings

from tests.builders import COURSE_ID, experiment, segmentation
from tests.bundles import HOSTILE, KEY, SITE, STAFF, export, fill, learner, people_of, publish, rows
from tests.test_grades_of_learners import BLOCKS, score, structure
from tests.unloading import unload
from xblock_experiments.course_user_segmentation.api import (
    count_members,
    get_history,
    get_versions,
    save_segmentations,
)
from xblock_experiments.course_user_segmentation.data import Group
from xblock_experiments.errors import MissingExtra, WrongId
from xblock_experiments.experiments.api import assign_group, get_exposures
from xblock_experiments.gradebook.api import (
    get_grade,
    get_score_history,
    get_structure,
    save_structure,
    write_report,
)
from xblock_experiments.gradebook.structure import Start
from xblock_experiments.gradebook.structure_json import loads
from xblock_experiments.research.api import export_bundle, read_key
from xblock_experiments.research.bundle import NotExported, NothingToExport
from xblock_experiments.research.pseudonyms import Pseudonyms, UnsafeKey
from xblock_experiments.research.tables import TABLES
from xblock_experiments.user_tags.api import retire_user, set_tag

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]


@pytest.fixture(autouse=True)
def _course(settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, **SITE}
    fill()


def report(name: str) -> list[dict[str, str]]:
    out = io.StringIO(newline="")
    write_report(name, COURSE_ID, out)
    return list(csv.DictReader(io.StringIO(out.getvalue(), newline="")))


def files(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_a_learner_has_one_pseudonym_in_all_tables_which_needs_the_key(tmp_path: Path) -> None:
    export(tmp_path, people=tmp_path / "people.csv")
    people = people_of(tmp_path / "people.csv")
    text = f"{COURSE_ID}\x1f{learner(3)}".encode()
    pseudonym = hmac.new(KEY, text, "sha256").hexdigest()

    assert people[pseudonym] == learner(3)
    assert sorted(people.values()) == [learner(number) for number in range(60)]
    for table in ("learners", "assignments", "scores", "problems", "grades", "sequence_grades"):
        assert pseudonym in {row["learner"] for row in rows(tmp_path / "bundle", table)}


def test_pseudonyms_differ_by_key_and_course() -> None:
    found = {
        Pseudonyms(key, course_id).of("1")
        for key in (KEY, KEY[::-1])
        for course_id in ("one", "other")
    }

    assert len(found) == 4
    assert all(re.fullmatch("[0-9a-f]{64}", each) for each in found)


def test_no_id_of_a_learner_or_of_staff_is_in_any_file(tmp_path: Path) -> None:
    export(tmp_path, with_parquet=True)
    everything = b"\n".join(files(tmp_path / "bundle").values())

    for user_id in (STAFF, *map(learner, range(60)), "5e1f0c", KEY.decode()):
        assert user_id.encode() not in everything


def test_rows_are_in_the_order_of_pseudonyms_and_not_in_that_of_ids(tmp_path: Path) -> None:
    export(tmp_path)
    for table in (each for each in TABLES if each.names[0] == "learner"):
        found = [row["learner"] for row in rows(tmp_path / "bundle", table.name)]
        assert found
        assert found == sorted(found)


def test_the_assignments_have_every_move_as_the_history_has_it(tmp_path: Path) -> None:
    export(tmp_path, people=tmp_path / "people.csv")
    people = people_of(tmp_path / "people.csv")
    staff = Pseudonyms(KEY, COURSE_ID).of(STAFF)
    found: dict[tuple[str, str], list[tuple[str, ...]]] = {}
    for row in rows(tmp_path / "bundle", "assignments"):
        number = len(found.setdefault((people[row["learner"]], row["segmentation_id"]), [])) + 1
        assert row["number"] == str(number)
        found[people[row["learner"]], row["segmentation_id"]].append(
            tuple(row[each] for each in ("from_group_id", "to_group_id", "version", "why", "actor"))
        )

    for number in range(60):
        history = get_history(COURSE_ID, 100, learner(number), type="experiment")
        assert found[learner(number), "100"] == [
            (
                "" if each.from_group_id is None else str(each.from_group_id),
                str(each.to_group_id),
                str(each.version),
                each.why,
                staff if each.who else "",
            )
            for each in history
        ]
    assert found[learner(0), "7"] == [("", "1", "1", "put", staff)]


def test_the_present_groups_are_those_that_members_are_counted_in(tmp_path: Path) -> None:
    export(tmp_path)
    last = {
        row["learner"]: row["to_group_id"]
        for row in rows(tmp_path / "bundle", "assignments")
        if row["segmentation_id"] == "100"
    }

    assert Counter(map(int, last.values())) == count_members(COURSE_ID, 100)


def test_the_exposures_are_those_of_the_report(tmp_path: Path) -> None:
    export(tmp_path, people=tmp_path / "people.csv")
    people = people_of(tmp_path / "people.csv")

    assert sorted(
        (people[row["learner"]], int(row["group_id"]), row["usage_id"])
        for row in rows(tmp_path / "bundle", "exposures")
    ) == sorted(
        (each.user_id, each.group_id, "'" + HOSTILE.replace("\r", r"\r").replace("\n", r"\n"))
        for each in get_exposures(COURSE_ID, 100)
    )


def test_grades_and_problems_are_the_numbers_of_the_reports(tmp_path: Path) -> None:
    export(tmp_path, people=tmp_path / "people.csv")
    people = people_of(tmp_path / "people.csv")
    grades = {people[row["learner"]]: row for row in rows(tmp_path / "bundle", "grades")}
    problems = {
        (people[row["learner"]], row["usage_id"]): row
        for row in rows(tmp_path / "bundle", "problems")
        if row["given"] == "true"
    }

    for row in report("grades"):
        assert grades[row["Student ID"]]["percent"] == row["Grade"]
        grade = get_grade(COURSE_ID, row["Student ID"])
        assert float(grades[row["Student ID"]]["earned"]) == grade.earned
    for row in report("problems"):
        for usage_id in ("common", "arm2", "arm3"):
            found = problems.get((row["Student ID"], usage_id))
            earned = row[f"{usage_id} (Earned)"]
            assert (found is None) == (earned == "Not Available")
            if found:
                assert (found["earned"] or "Not Attempted") == earned
                assert found["possible"] == row[f"{usage_id} (Possible)"]


def test_a_start_date_that_passes_meanwhile_counts_for_no_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = timezone.now()
    whole = structure(2, 3)
    (homework,) = whole.sequences
    late = replace(
        homework.blocks[0],
        usage_id="late",
        ways=frozenset({frozenset({Start(began + timedelta(hours=1))})}),
    )
    homework = replace(homework, blocks=(*homework.blocks, late))
    save_structure(replace(whole, sequences=(homework,)), [*BLOCKS, "late"])
    score(learner(1), "late", 1)
    export(tmp_path, "before")

    def on_row() -> None:
        monkeypatch.setattr(timezone, "now", lambda: began + timedelta(hours=2))

    export(tmp_path, on_row=on_row)

    for table in ("problems", "grades", "sequence_grades"):
        assert rows(tmp_path / "bundle", table) == rows(tmp_path / "before", table)


def test_the_scores_have_the_whole_history(tmp_path: Path) -> None:
    export(tmp_path, people=tmp_path / "people.csv")
    people = people_of(tmp_path / "people.csv")
    found = [
        (row["usage_id"], float(row["earned"]), float(row["possible"]), row["counted"] == "true")
        for row in rows(tmp_path / "bundle", "scores")
        if people[row["learner"]] == learner(0)
    ]

    assert found == [
        (usage_id, each.score.earned, each.score.possible, each.counted)
        for usage_id, history in get_score_history(COURSE_ID, learner(0)).items()
        for each in history.recorded
    ]
    assert len(found) == 3


def test_tags_are_those_that_events_may_have(tmp_path: Path) -> None:
    export(tmp_path)
    (row,) = rows(tmp_path / "bundle", "tags")

    assert (row["key"], json.loads(row["value"])) == ("hint.seen", [-5, HOSTILE])


def test_the_configurations_are_all_versions(tmp_path: Path) -> None:
    export(tmp_path)
    found = [row for row in rows(tmp_path / "bundle", "configurations") if row["type"] != "cohort"]
    versions = get_versions(COURSE_ID, 100)

    assert [json.loads(row["definition"]) for row in found] == [
        each.segmentation.to_json() for each in versions
    ]
    assert [int(row["version"]) for row in found] == [each.version for each in versions]
    assert found[0]["name"] == "'" + HOSTILE.replace("\r", r"\r").replace("\n", r"\n")


def test_parameters_that_no_rule_reads_are_left_out_because_they_can_name_learners(
    tmp_path: Path,
) -> None:
    parameters = {"salt": "s", "members": [learner(1)], "mail": f"{learner(2)}@example.com"}
    group = Group(1, "One", extra={"members": [learner(3)]})
    save_segmentations(
        COURSE_ID,
        [
            experiment(100, 2, 3, parameters=parameters, extra={"by": learner(4)}),
            segmentation(7, "cohort", (group,), parameters={"list": [learner(5)]}),
        ],
    )
    export(tmp_path, with_parquet=True)
    latest = [row for row in rows(tmp_path / "bundle", "configurations") if row["version"] == "3"]

    assert json.loads(latest[0]["definition"])["parameters"] == {"salt": "s"}
    assert b"of-5e1f0c" not in b"\n".join(files(tmp_path / "bundle").values())


def test_the_structure_is_the_present_one_and_has_its_blocks_in_a_table(tmp_path: Path) -> None:
    export(tmp_path)
    text = (tmp_path / "bundle" / "structure.json").read_text(encoding="utf-8")
    blocks = {row["usage_id"]: row for row in rows(tmp_path / "bundle", "blocks")}

    assert loads(COURSE_ID, text) == get_structure(COURSE_ID)
    assert json.loads(blocks["arm2"]["arms"]) == {"100": [2]}
    assert blocks["common"]["sequence_id"] == "homework"


def test_a_cell_that_a_spreadsheet_would_compute_is_a_text_and_each_row_is_one_line(
    tmp_path: Path,
) -> None:
    export(tmp_path)
    for table in TABLES:
        data = (tmp_path / "bundle" / "csv" / f"{table.name}.csv").read_bytes()
        found = rows(tmp_path / "bundle", table.name)
        assert data.count(b"\n") == data.count(b"\r\n") == len(found) + 1
        for row in found:
            assert not any(cell.startswith(("=", "+", "@")) for cell in row.values())


def test_the_readme_describes_each_column(tmp_path: Path) -> None:
    export(tmp_path)
    text = (tmp_path / "bundle" / "README.md").read_text(encoding="utf-8")

    for table in TABLES:
        section = text.partition(f"\n## `csv/{table.name}.csv`\n")[2].partition("\n## ")[0]
        described = re.findall(r"^\* `(\w+)` \((\w+)\): (.+)$", section, re.MULTILINE)
        assert described == [(each.name, each.kind.name, each.help) for each in table.columns]


def test_the_same_data_and_key_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        export(tmp_path, name, with_parquet=True)
    one, two = files(tmp_path / "one"), files(tmp_path / "two")
    manifests = [json.loads(each.pop("manifest.json")) for each in (one, two)]

    assert one == two
    assert all(each.pop("created") for each in manifests)
    assert manifests[0] == manifests[1]


def test_a_folder_and_an_archive_have_the_same_files(tmp_path: Path) -> None:
    export(tmp_path)
    export(tmp_path, "bundle.zip")
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        packed = {name: archive.read(name) for name in archive.namelist()}
    folder = files(tmp_path / "bundle")
    for each in (packed, folder):
        del each["manifest.json"]

    assert packed == folder
    assert list(packed) == sorted(packed)


def test_only_the_owner_may_read_a_bundle_and_the_people(tmp_path: Path) -> None:
    export(tmp_path, people=tmp_path / "people.csv")
    export(tmp_path, "bundle.zip")

    for name, mode in (("bundle", 0o700), ("bundle.zip", 0o600), ("people.csv", 0o600)):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == mode


def test_a_retired_learner_is_in_no_bundle(tmp_path: Path) -> None:
    retire_user(learner(3))
    bundle = export(tmp_path, people=tmp_path / "people.csv")

    assert bundle.learners == 59
    assert learner(3) not in people_of(tmp_path / "people.csv").values()


def test_learners_are_those_that_the_site_names(tmp_path: Path, settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {"LEARNERS": "tests.test_research_bundle.two_learners"}
    export(tmp_path, people=tmp_path / "people.csv")

    assert set(people_of(tmp_path / "people.csv").values()) == {learner(1), "nobody yet"}
    assert len({row["learner"] for row in rows(tmp_path / "bundle", "assignments")}) == 1


def two_learners(course_id: str) -> list[str]:
    return [learner(1), "nobody yet", learner(1)]


def test_a_course_without_a_known_structure_has_no_grades(tmp_path: Path) -> None:
    set_tag("ann", "other", "hint.seen", 1)
    save_segmentations("other", [experiment(100, 1, 2)])
    assign_group("other", 100, "ann")
    export_bundle("other", tmp_path / "other", key=KEY)

    assert rows(tmp_path / "other", "grades") == rows(tmp_path / "other", "blocks") == []
    assert len(rows(tmp_path / "other", "assignments")) == 1
    assert (tmp_path / "other" / "structure.json").read_text() == "null"


def test_a_bundle_takes_a_constant_number_of_queries_for_a_thousand_learners(
    tmp_path: Path,
) -> None:
    counts = []
    for number in range(2):
        with CaptureQueriesContext(connection) as queries:
            export(tmp_path, f"bundle{number}")
        counts.append(len(queries))
        fill(60)

    assert counts[0] == counts[1]


def test_exporting_writes_nothing_to_the_database(tmp_path: Path) -> None:
    with CaptureQueriesContext(connection) as queries:
        export(tmp_path)

    assert not [each for each in queries if not each["sql"].lstrip().startswith("SELECT")]


class Enough(Exception):
    """Raised to stop an export."""


@pytest.mark.parametrize("name", ["bundle", "bundle.zip"])
@pytest.mark.parametrize("rows_before", [0, 1, 100, 250])
def test_an_export_that_is_stopped_leaves_nothing(
    name: str, rows_before: int, tmp_path: Path
) -> None:
    counted = Counter[str]()

    def on_row() -> None:
        if counted["rows"] == rows_before:
            raise Enough
        counted["rows"] += 1

    with pytest.raises(Enough):
        export(tmp_path, name, people=tmp_path / "people.csv", on_row=on_row)

    assert not list(tmp_path.iterdir())


def test_an_export_that_is_stopped_while_its_archive_is_packed_leaves_nothing(
    tmp_path: Path,
) -> None:
    def stop() -> None:
        raise Enough

    with pytest.raises(Enough):
        export(tmp_path, "bundle.zip", people=tmp_path / "people.csv", on_wait=stop)

    assert not list(tmp_path.iterdir())


def test_each_row_is_counted(tmp_path: Path) -> None:
    counted = Counter[str]()
    bundle = export(tmp_path, on_row=lambda: counted.update(["rows"]))

    assert (
        counted["rows"]
        == bundle.rows
        == sum(len(rows(tmp_path / "bundle", table.name)) for table in TABLES)
    )


def test_an_existing_path_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    for options in ({"name": "mine"}, {"people": tmp_path / "mine"}):
        with pytest.raises(NotExported, match="mine already exists"):
            export(tmp_path, **options)

    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert (tmp_path / "mine").read_text() == "mine"


@pytest.mark.parametrize("name", ["bundle", "bundle.zip"])
@pytest.mark.parametrize("late", ["bundle", "people.csv"])
def test_what_appears_at_a_path_meanwhile_is_not_overwritten(
    name: str, late: str, tmp_path: Path
) -> None:
    path = tmp_path / (name if late == "bundle" else late)
    with pytest.raises(NotExported, match=f"{path.name} already exists"):
        export(
            tmp_path,
            name,
            people=tmp_path / "people.csv",
            on_row=lambda: path.write_text("mine"),
        )

    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "mine"


@pytest.mark.parametrize("name", ["bundle", "bundle.zip"])
def test_the_people_need_a_path_of_their_own(name: str, tmp_path: Path) -> None:
    for same in (tmp_path / name, tmp_path / "." / name, tmp_path / ".." / tmp_path.name / name):
        with pytest.raises(NotExported, match=f"{name} is named twice"):
            export(tmp_path, name, people=same)

    assert not list(tmp_path.iterdir())


def test_an_unknown_course_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(NothingToExport, match="nothing about a course 'course-v1:Other"):
        export_bundle("course-v1:Other+Course+1", tmp_path / "bundle", key=KEY)
    for wrong in (None, 7, "", "a\x00b"):
        course_id: Any = wrong
        with pytest.raises(WrongId):
            export_bundle(course_id, tmp_path / "bundle", key=KEY)

    assert not list(tmp_path.iterdir())


def test_a_short_key_is_refused_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(UnsafeKey, match="31 bytes, but at least 32") as refused:
        export_bundle(COURSE_ID, tmp_path / "bundle", key=KEY[:31])

    assert KEY[:31].decode() not in str(refused.value)


def key_file(folder: Path, mode: int = 0o600) -> Path:
    path = folder / "key"
    path.write_bytes(KEY + b"\n")
    path.chmod(mode)
    return path


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    assert read_key(key_file(tmp_path)) == KEY
    for mode in (0o640, 0o604, 0o620):
        with pytest.raises(UnsafeKey, match="chmod 600"):
            read_key(key_file(tmp_path, mode))
    with pytest.raises(UnsafeKey, match="cannot be read"):
        read_key(tmp_path / "none")


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("export_bundle", COURSE_ID, *arguments, stdout=out, no_color=True)
    return out.getvalue()


def test_the_command_prints_the_hash_of_the_manifest(tmp_path: Path) -> None:
    said = run("--to", str(tmp_path / "b.zip"), "--key-file", str(key_file(tmp_path)))
    sha = said.splitlines()[-1]
    out = io.StringIO()
    call_command("verify_bundle", str(tmp_path / "b.zip"), "--manifest", sha, stdout=out)

    assert re.match(rf"{tmp_path}/b.zip: [\d,]+ rows\.\n", said)
    assert out.getvalue().endswith("The bundle is as it was exported.\n")


def test_the_verifying_command_fails_for_another_hash(tmp_path: Path) -> None:
    export(tmp_path)
    out = io.StringIO()
    with pytest.raises(SystemExit) as failed:
        call_command("verify_bundle", str(tmp_path / "bundle"), "--manifest", "0" * 64, stdout=out)

    assert failed.value.code == 1
    assert "manifest.json: its SHA-256 is" in out.getvalue()


def test_the_key_can_be_named_by_the_setting(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(CommandError, match="There is no key"):
        run("--to", str(tmp_path / "b"))
    settings.XBLOCK_EXPERIMENTS = {**SITE, "RESEARCH_KEY_FILE": key_file(tmp_path)}
    run("--to", str(tmp_path / "b"))
    export(tmp_path)

    assert rows(tmp_path / "b", "learners") == rows(tmp_path / "bundle", "learners")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_leaves_nothing(
    number: signal.Signals,
    tmp_path: Path,
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    key = key_file(tmp_path)
    settings.XBLOCK_EXPERIMENTS = {
        "LEARNERS": f"tests.test_write_report.learners_until_{number.name}"
    }
    with pytest.raises(SystemExit) as stopped:
        run("--to", str(tmp_path / "b"), "--key-file", str(key))

    assert stopped.value.code == 128 + number
    assert "b was not written" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [key]


def test_pyarrow_is_needed_for_parquet_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unload("xblock_experiments.research.parquet", monkeypatch)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    export(tmp_path)
    with pytest.raises(MissingExtra, match=r"xblock-experiments\[research\]"):
        export(tmp_path, "other", with_parquet=True)

    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_parquet_has_the_same_rows_with_texts_as_they_are_stored(tmp_path: Path) -> None:
    export(tmp_path, with_parquet=True)
    for table in TABLES:
        found = parquet_rows(tmp_path / "bundle", table.name)
        cells = [{each.name: each.cell(row[each.name]) for each in table.columns} for row in found]
        assert cells == rows(tmp_path / "bundle", table.name)
    usage_ids = {row["usage_id"] for row in parquet_rows(tmp_path / "bundle", "exposures")}
    assert usage_ids == {HOSTILE}


def parquet_rows(bundle: Path, table: str) -> list[dict[str, Any]]:
    path = bundle / "parquet" / table / "course_id=course-v1%3ADemoX%2BTests%2B2026"
    found: list[dict[str, Any]] = ParquetFile(path / "part-0.parquet").read().to_pylist()
    return found


def test_segmentations_of_two_types_can_have_the_same_id(tmp_path: Path) -> None:
    publish(2, 3)
    save_segmentations(
        COURSE_ID, [experiment(100, 2, 3), segmentation(100, "cohort", (Group(1, "One"),))]
    )
    export(tmp_path)
    found = [
        (row["segmentation_id"], row["type"], row["version"])
        for row in rows(tmp_path / "bundle", "configurations")
    ]

    assert len(set(found)) == len(found)
