"""The check of a bundle: all hashes and references, and each assignment computed again."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.courses import GROUPS, course_id, experiment
from benchmarks.results import Row, at_most
from benchmarks.scale import Scale
from benchmarks.timing import Contender, race
from xblock_experiments.experiments.assignment import choose_group, salt_of
from xblock_experiments.research import manifest, tables
from xblock_experiments.research.columns import Table
from xblock_experiments.research.manifest import Manifest
from xblock_experiments.research.pseudonyms import PEOPLE, Pseudonyms
from xblock_experiments.research.verification.checking import check_bundle
from xblock_experiments.research.verification.lines import rows_of
from xblock_experiments.research.writing import TableFiles, write_file

MOST_SECONDS = 10
ID = 100
COURSE_ID = course_id("bundle")


@dataclass(frozen=True, slots=True)
class Written:
    """A bundle in a folder, with the file of people."""

    folder: Path
    manifest: str
    people: Path


def rows(scale: Scale) -> list[Row]:
    """Return the time for a bundle in which each learner has one assignment."""
    with TemporaryDirectory() as folder:
        written = _write(Path(folder), scale.checked_assignments)
        what = f"verify_bundle with people, {scale.checked_assignments:,} assignments"
        seconds = _race(what, written, scale)
    return [
        Row(
            what=what,
            unit="s",
            ours=seconds["ours"],
            floor=seconds["floor"],
            goals=[at_most(MOST_SECONDS, seconds["ours"])],
        )
    ]


def _race(what: str, written: Written, scale: Scale) -> dict[str, list[float]]:
    operations: dict[str, Callable[[Written], object]] = {"ours": _check, "floor": _hash_rows}
    contenders = [Contender(name, lambda _: [written], op) for name, op in operations.items()]
    return race(what, contenders, scale.bulk_repetitions, warm_up=False)


def _check(written: Written) -> None:
    report = check_bundle(written.folder, written.manifest, written.people)
    if not report.is_sound:
        msg = f"The bundle has faults, such as {report.faults[0]}."
        raise RuntimeError(msg)


def _hash_rows(written: Written) -> None:
    """Hash the rows of all tables, and compare nothing."""
    for path in (written.folder / "csv").iterdir():
        with path.open("rb") as file:
            for lines in rows_of(iter(partial(file.read, 1 << 20), b"")):
                for line in lines:
                    sha256(line).digest()


def _write(folder: Path, learners: int) -> Written:
    """Write a bundle without a database, which would take much longer."""
    bundle, people = folder / "bundle", folder / "people.csv"
    pseudonyms = Pseudonyms(b"a key of the benchmarks, no secret", COURSE_ID)
    names = sorted((pseudonyms.of(str(number)), str(number)) for number in range(learners))
    files = {table: TableFiles(table, bundle) for table in tables.TABLES}
    salt, when = salt_of(COURSE_ID, experiment(ID)), datetime(2026, 11, 1, tzinfo=UTC)
    definition = json.dumps(experiment(ID).to_json())
    files[tables.CONFIGURATIONS].write(
        (ID, 1, False, when, None, "experiment", "Experiment", definition)
    )
    for name, user_id in names:
        group = choose_group(GROUPS, salt, user_id)
        files[tables.LEARNERS].write((name,))
        files[tables.ASSIGNMENTS].write(
            (name, ID, 1, 1, None, group.id, False, when, None, "experiment", "assigned")
        )
    with people.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([PEOPLE, *names])
    return Written(bundle, _write_manifest(bundle, files), people)


def _write_manifest(folder: Path, files: dict[Table, TableFiles]) -> str:
    for each in files.values():
        each.close()
    entries = {
        name: entry for each in files.values() for name, entry in each.file_entries().items()
    }
    text = Manifest(
        course_id=COURSE_ID,
        created="",
        tool="benchmarks",
        files=entries,
        tables={table.name: each.entry for table, each in files.items()},
    ).to_text()
    return write_file(folder, manifest.NAME, text.encode()).sha256
