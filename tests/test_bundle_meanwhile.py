"""A bundle that is written while learners go on working."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.builders import COURSE_ID
from tests.bundles import export, fill, learner, people_of, publish, rows
from xblock_experiments.course_user_segmentation.api import count_members
from xblock_experiments.experiments.api import assign_users, record_exposure
from xblock_experiments.gradebook.api import record_score
from xblock_experiments.research.api import verify_bundle
from xblock_experiments.user_tags.api import retire_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.every_database]

LEARNERS = 12
"""The number of learners when the export begins."""


def work(number: int) -> None:
    """Let learners and authors do what changes each table."""
    new = learner(100 + number)
    publish(2, 3, 4 + number)
    assign_users(COURSE_ID, 100, [new, learner(0)])
    for user_id in (new, learner(1)):
        record_exposure(COURSE_ID, 100, user_id, f"block {number}")
        record_score(COURSE_ID, user_id, "common", number, 10)
    retire_user(learner(2))


def exported_meanwhile(folder: Path, **options: Any) -> None:
    counted = Counter[str]()

    def on_row() -> None:
        counted["rows"] += 1
        if counted["rows"] % 20 == 0 and counted["rows"] < 100:
            work(counted["rows"])

    bundle = export(folder, people=folder / "people.csv", on_row=on_row, **options)
    report = verify_bundle(bundle.path, manifest=bundle.manifest, people=folder / "people.csv")
    assert report.faults == ()
    assert report.derived >= LEARNERS - 1


def test_all_references_hold_and_all_assignments_can_be_computed_again(tmp_path: Path) -> None:
    fill(LEARNERS // 2)
    exported_meanwhile(tmp_path)

    assert count_members(COURSE_ID, 100).total() > LEARNERS
    assert learner(120) not in people_of(tmp_path / "people.csv").values()


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite keeps no snapshot for readers")
def test_a_bundle_has_one_moment(tmp_path: Path) -> None:
    fill(LEARNERS // 2)
    export(tmp_path, "before")
    exported_meanwhile(tmp_path)

    for path in sorted((tmp_path / "before" / "csv").iterdir()):
        assert rows(tmp_path / "bundle", path.stem) == rows(tmp_path / "before", path.stem)
