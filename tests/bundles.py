"""A course with moves, versions and a removed group, and bundles of it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.builders import COURSE_ID, experiment, segmentation
from tests.test_grades_of_learners import BLOCKS, score, structure
from xblock_experiments.course_user_segmentation.api import put_in_group, save_segmentations
from xblock_experiments.course_user_segmentation.data import Group
from xblock_experiments.experiments.api import assign_users, record_exposure
from xblock_experiments.gradebook.api import save_structure
from xblock_experiments.research.api import export_bundle
from xblock_experiments.research.bundle import Bundle
from xblock_experiments.user_tags.api import set_tag

KEY = b"0123456789abcdef0123456789abcdef"
STAFF = "staff-7b41c09e"
HOSTILE = '=1+1 "a",\nb\r\n<script>ü'
SITE = {"EVENT_TAGS": ["hint.*"], "PRIVATE_TAGS": ["hint.secret"]}
"""The value of XBLOCK_EXPERIMENTS with which a bundle has tags."""


def learner(number: int) -> str:
    """Return a user id that is in no bundle by chance."""
    return f"learner-{number:04}-of-5e1f0c"


def publish(*group_ids: int, **fields: Any) -> None:
    cohorts = segmentation(7, "cohort", (Group(1, "One"), Group(2, "Two")), name="Cohorts")
    save_segmentations(COURSE_ID, [experiment(100, *group_ids, **fields), cohorts], actor=STAFF)


def fill(learners: int = 30) -> None:
    """Make a course whose learners were assigned under two versions, moved, and put by staff."""
    publish(1, 2, 3, name=HOSTILE)
    whole = structure(1, 2, 3)
    save_structure(replace(whole, sequences=whole.sequences), ["homework", *BLOCKS])
    first, others = (
        [learner(number) for number in range(learners)],
        [learner(number) for number in range(learners, 2 * learners)],
    )
    assign_users(COURSE_ID, 100, first)
    for user_id in first[::2]:
        record_exposure(COURSE_ID, 100, user_id, HOSTILE)
    for number, user_id in enumerate(first):
        score(user_id, "common", number % 2)
        score(user_id, "common", 0.5)
        score(user_id, f"arm{number % 3 + 1}", 1)
    publish(2, 3, weights=(1, 3))
    save_structure(structure(2, 3), BLOCKS)
    assign_users(COURSE_ID, 100, [*first[:-5], *others])
    put_in_group(COURSE_ID, 100, first[0], 3, type="experiment", actor=STAFF)
    put_in_group(COURSE_ID, 100, first[0], 2, type="experiment", actor=STAFF)
    put_in_group(COURSE_ID, 7, first[0], 1, type="cohort", actor=STAFF)
    set_tag(first[0], COURSE_ID, "hint.seen", [-5, HOSTILE])
    set_tag(first[0], COURSE_ID, "hint.secret", "not for events")
    set_tag(first[0], COURSE_ID, "pace.speed", "not allowed")


def export(folder: Path, name: str = "bundle", **options: Any) -> Bundle:
    return export_bundle(COURSE_ID, folder / name, key=KEY, **options)


def rows(bundle: Path, table: str) -> list[dict[str, str]]:
    with (bundle / "csv" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def people_of(path: Path) -> dict[str, str]:
    """Return user ids by pseudonym."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["pseudonym"]: row["user_id"] for row in csv.DictReader(file)}


def rewrite(path: Path, change: Callable[[list[bytes]], None]) -> None:
    """Change the lines of a table. The last one is empty."""
    lines = path.read_bytes().split(b"\r\n")
    change(lines)
    path.write_bytes(b"\r\n".join(lines))
